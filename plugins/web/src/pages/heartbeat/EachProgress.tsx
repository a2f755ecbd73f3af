/** How far one request for each of many has come, and for which it failed. */
import { Progress, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { count } from "../../design/numbers";
import { visible } from "../../design/text";
import type { Progress as Standing } from "../../lib/each";

const SHOWN = 20;

export function EachProgress({ of: progress }: { of: Standing | null }) {
  const { t, i18n } = useTranslation("heartbeat");
  if (!progress) return null;
  return (
    <>
      <div aria-live="polite">
        <Progress
          value={(100 * progress.done) / Math.max(1, progress.total)}
          aria-label={t("action.progress")}
        />
        <Text size="sm">
          {count(progress.done, i18n.language)} / {count(progress.total, i18n.language)}
        </Text>
      </div>
      {progress.failed.length > 0 && !progress.running && (
        <Text size="sm" role="alert" component="div">
          {t("action.failed", { count: progress.failed.length })}
          <ul>
            {progress.failed.slice(0, SHOWN).map((one) => (
              <li key={one.id}>
                <span className="mono">{visible(one.id)}</span>: {one.reason}
              </li>
            ))}
          </ul>
        </Text>
      )}
    </>
  );
}
