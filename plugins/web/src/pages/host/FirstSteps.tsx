/** A host that has no fleet yet: the way to the first answer of a PC. */

import { Code } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Card } from "../../design/Card";
import { PageLink } from "../../design/PageLink";
import { useHasPage } from "../../lib/plugins";
import styles from "./overview.module.css";

const STEPS = [
  { step: "agent", page: "heartbeat.agents", to: "/agents" },
  { step: "job", page: "jobs.catalog", to: "/jobs" },
  { step: "run", page: "jobs.run", to: "/run" },
  { step: "schedule", page: "scheduler.schedules", to: "/schedules" },
] as const;

export function FirstSteps() {
  const { t } = useTranslation("host");
  const there = useHasPage();
  return (
    <div className={styles.first}>
      <Card title={t("first.title")}>
        <ol className={styles.steps}>
          {STEPS.filter((one) => there(one.page)).map(({ step, to }) => (
            <li key={step}>
              <PageLink to={to}>{t(`first.${step}`)}</PageLink>
              <div className="soft">{t(`first.${step}Text`)}</div>
              {step === "agent" && <Code>{t("first.command")}</Code>}
            </li>
          ))}
        </ol>
      </Card>
    </div>
  );
}
