/** One job: its source in an editor that knows the schema. "+" is a new one: no job can be called that. */

import { Button } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { visible } from "../../design/text";
import { DocumentEditor } from "../../editor/DocumentEditor";
import { path } from "../../lib/api";
import { listUrl } from "../../list/state";
import { TEMPLATE } from "./jobs";

export default function JobPage() {
  const { t } = useTranslation("jobs");
  const { jobId = "+" } = useParams();
  const navigate = useNavigate();
  const id = jobId === "+" ? null : jobId;
  return (
    <>
      <PageHead
        title={id === null ? t("catalog.new") : visible(id)}
        about={
          id === null ? (
            t("job.newAbout")
          ) : (
            <PageLink to={listUrl("/activity", { filters: [{ field: "job_id", op: "eq", value: id }] })}>
              {t("job.runs")}
            </PageLink>
          )
        }
        actions={
          id !== null && (
            <Button
              component={Link}
              to={`/run?job=${encodeURIComponent(id)}`}
              leftSection={<IconPlayerPlay size={14} />}
            >
              {t("do.run")}
            </Button>
          )
        }
      />
      <DocumentEditor
        key={jobId}
        id={id}
        source={path`/api/jobs/${jobId}/yaml`}
        target="/api/jobs"
        schema="/api/schemas/manifest.json"
        template={TEMPLATE}
        label={t("job.source")}
        touches={["jobs", "kv:jobs"]}
        onSaved={(saved) => void navigate(path`/jobs/${saved.id}`)}
      />
    </>
  );
}
