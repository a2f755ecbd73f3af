/** No manifest collects inventory: what to write into one. */
import { Button, Code } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Empty } from "../../design/States";
import { useHasPage } from "../../lib/plugins";

export function NoJobs() {
  const { t } = useTranslation("inventory");
  const there = useHasPage();
  const link = there("jobs.catalog") && (
    <Button component={Link} to="/jobs">
      {t("toJobs")}
    </Button>
  );
  return (
    <Empty title={t("noJobs")} actions={link}>
      {t("noJobsText")} <Code>inventory:</Code>
    </Empty>
  );
}
