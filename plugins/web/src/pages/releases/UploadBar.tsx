/** How much of an upload is there, with a way to end it; afterwards why it failed. */
import { Button, Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { bytes, percent } from "../../design/numbers";
import styles from "./releases.module.css";
import type { Uploading } from "./uploading";

export function UploadBar({ of, size }: { of: Uploading<unknown>; size: number }) {
  const { t } = useTranslation("releases");
  if (of.problem) {
    return (
      <div role="alert" className={styles.problem}>
        {of.problem}
      </div>
    );
  }
  if (of.share === null) return null;
  const sent = of.share >= 1;
  return (
    <div>
      <Progress value={of.share * 100} animated={sent} aria-label={t("upload.progress")} />
      <div className={styles.planHead}>
        <span className="soft" role="status">
          {sent
            ? t("upload.checking")
            : t("upload.share", { share: percent(of.share * 100, 0), size: bytes(size) })}
        </span>
        <Button size="compact-xs" onClick={of.cancel}>
          {t("upload.cancel")}
        </Button>
      </div>
    </div>
  );
}
