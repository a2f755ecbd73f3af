/** Whether what one sees is live, catching up, or may be old. */
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Status, type Tone } from "../design/Status";
import { reconnect, type Standing, useStanding } from "../lib/live";
import styles from "./LiveSign.module.css";

const TONES: Record<Standing, Tone> = { connecting: "wait", live: "ok", lost: "warn", refused: "bad" };

export function LiveSign({ compact = false }: { compact?: boolean }) {
  const { t } = useTranslation("shell");
  const standing = useStanding();
  const about = standing === "live" ? t("live.liveAbout") : t("live.lostAbout");
  const sign = (
    <Status tone={TONES[standing]}>
      <span className={compact && standing === "live" ? "hidden-label" : undefined}>
        {t(`live.${standing}`)}
      </span>
    </Status>
  );
  return (
    <Tooltip label={about}>
      <div className={styles.sign} role="status">
        {sign}
        {standing === "lost" && !compact && (
          <button type="button" className={styles.retry} onClick={reconnect}>
            {t("live.retry")}
          </button>
        )}
      </div>
    </Tooltip>
  );
}
