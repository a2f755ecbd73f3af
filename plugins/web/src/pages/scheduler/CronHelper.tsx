/** An expression in words and its next ticks, as one types. */
import { Accordion, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { absolute } from "../../design/Age";
import { Status } from "../../design/Status";
import { api } from "../../lib/api";
import styles from "./scheduler.module.css";
import type { Ticking } from "./schedules";

export function CronHelper() {
  const { t, i18n } = useTranslation("scheduler");
  const [cron, setCron] = useState("0 0 9 * * MON-FRI");
  const [zone, setZone] = useState("");
  const [asked] = useDebouncedValue(JSON.stringify({ cron, time_zone: zone.trim() || null, count: 5 }), 250);
  const answer = useQuery({
    queryKey: ["cron", asked],
    queryFn: ({ signal }) => api.post<Ticking>("/api/schedules/preview", { json: JSON.parse(asked), signal }),
    placeholderData: (before) => before,
    staleTime: 30_000,
  });
  const found = answer.data;
  const words = i18n.language === "ja" ? found?.words?.ja : found?.words?.en;
  return (
    <Accordion variant="default" mb="sm">
      <Accordion.Item value="cron">
        <Accordion.Control>{t("cron.title")}</Accordion.Control>
        <Accordion.Panel>
          <div className={styles.fields}>
            <TextInput
              label={t("cron.expression")}
              description={t("cron.fields")}
              value={cron}
              onChange={(event) => setCron(event.currentTarget.value)}
              classNames={{ input: "mono" }}
              spellCheck={false}
              autoComplete="off"
            />
            <TextInput
              label={t("cron.zone")}
              description={t("cron.zoneHelp")}
              value={zone}
              onChange={(event) => setZone(event.currentTarget.value)}
              autoComplete="off"
            />
          </div>
          <div aria-live="polite" className={styles.answer}>
            {found && (
              <Status tone={found.accepted ? "ok" : "bad"}>
                {found.accepted ? (words ?? cron) : found.error}
              </Status>
            )}
            {answer.error && <Status tone="bad">{answer.error.message}</Status>}
            <ol>
              {found?.next.map((at) => (
                <li key={at}>{absolute(at)}</li>
              ))}
            </ol>
          </div>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
