/** Bringing a new agent binary. Its version is read from it, by the server. */
import { Button, FileInput, Group, Modal, Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "../../design/toast";
import { client } from "../../lib/data";
import { UploadBar } from "./UploadBar";
import { useUploading } from "./uploading";

const LIMIT = 64 * 1024 * 1024;

interface UploadReleaseProps {
  opened: boolean;
  onClose: () => void;
}

export function UploadRelease({ opened, onClose }: UploadReleaseProps) {
  const { t } = useTranslation("releases");
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("upload.release")}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t("shell:close") }}
    >
      {opened && <Form onClose={onClose} />}
    </Modal>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("releases");
  const [file, setFile] = useState<File | null>(null);
  const uploading = useUploading<{ version: string }>();
  const busy = uploading.share !== null;
  const large = file !== null && file.size > LIMIT;
  const go = () =>
    file &&
    uploading.start("/api/agents/publish", file, ({ version }) => {
      void client.invalidateQueries({ queryKey: ["/api/agents/releases"] });
      toast.done(t("upload.released", { version }));
      onClose();
    });
  return (
    <Stack gap="sm">
      <FileInput
        label={t("upload.binary")}
        description={t("upload.binaryHelp")}
        placeholder={t("upload.choose")}
        accept=".exe"
        value={file}
        onChange={setFile}
        disabled={busy}
        error={large ? t("upload.tooLarge", { limit: "64 MiB" }) : undefined}
        clearable
      />
      <UploadBar of={uploading} size={file?.size ?? 0} />
      <Group justify="flex-end" gap="xs">
        <Button onClick={onClose}>{t("shell:cancel")}</Button>
        <Button variant="filled" disabled={!file || large} loading={busy} onClick={go}>
          {t("upload.do")}
        </Button>
      </Group>
    </Stack>
  );
}
