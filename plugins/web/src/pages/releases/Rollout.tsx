/** Releases of the agent: which there are, who has which, who shall have which, and how far that is. */
import { IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { PageHead, Section } from "../../design/PageHead";
import { Loaded } from "../../design/States";
import { text, useUrlState } from "../../lib/urlState";
import { Plans } from "./Plans";
import { ReleaseTable } from "./ReleaseTable";
import { RollOutDialog } from "./RollOutDialog";
import { useReleases } from "./releases";
import { Targets } from "./Targets";
import { UploadRelease } from "./UploadRelease";
import { Versions } from "./Versions";

const SHAPE = { roll: text() };

export default function Rollout() {
  const { t } = useTranslation("releases");
  const [{ roll }, set] = useUrlState(SHAPE);
  const [uploads, setUploads] = useState(false);
  const releases = useReleases();
  const rows = releases.data ?? [];
  return (
    <>
      <PageHead
        title={t("title")}
        about={t("about")}
        actions={
          <>
            <ActionButton
              needs="operator"
              leftSection={<IconUpload size={14} />}
              onClick={() => setUploads(true)}
            >
              {t("upload.release")}
            </ActionButton>
            <ActionButton
              needs="operator"
              variant="filled"
              blocked={rows.length === 0 ? t("roll.none") : undefined}
              onClick={() => set({ roll: rows[0]?.version ?? "" })}
            >
              {t("roll.title")}
            </ActionButton>
          </>
        }
      />
      <Section title={t("now.title")}>
        <Versions />
      </Section>
      <Section title={t("target.title")}>
        <Targets />
      </Section>
      <Plans releases={rows} />
      <Section title={t("release.title")}>
        <Loaded of={releases}>
          {(all) => <ReleaseTable rows={all} onRoll={(version) => set({ roll: version })} />}
        </Loaded>
      </Section>
      <UploadRelease opened={uploads} onClose={() => setUploads(false)} />
      {releases.data && (
        <RollOutDialog version={roll || null} releases={releases.data} onClose={() => set({ roll: "" })} />
      )}
    </>
  );
}
