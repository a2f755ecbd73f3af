/** The next ticks of a schedule, and its expression in words. */
import { useTranslation } from "react-i18next";
import { Age, absolute } from "../../design/Age";
import { Section } from "../../design/PageHead";
import { visible } from "../../design/text";
import styles from "./scheduler.module.css";
import type { Next } from "./schedules";

export function Coming({ next }: { next: Next }) {
  const { t, i18n } = useTranslation("scheduler");
  const words = i18n.language === "ja" ? next.words?.ja : next.words?.en;
  return (
    <Section title={t("coming")}>
      <p className={styles.expression}>
        <span className="mono">{visible(next.cron)}</span>{" "}
        {words ? <span>— {words}</span> : <span className="soft">{visible(next.time_zone ?? "UTC")}</span>}
      </p>
      {!next.accepted && <p role="alert">{visible(next.error ?? "")}</p>}
      {next.accepted && !next.enabled && <p className="soft">{t("comingOff")}</p>}
      <ol className={styles.ticks}>
        {next.next.map((at) => (
          <li key={at}>
            {absolute(at)}{" "}
            <span className="soft">
              <Age at={at} />
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
