/** Storing a file under a name and a version. */
import { Alert, Button, FileInput, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { visible } from "../../design/text";
import { toast } from "../../design/toast";
import { path } from "../../lib/api";
import { client } from "../../lib/data";
import { isSegment, type Shelf, type Stored } from "./shelves";
import { UploadBar } from "./UploadBar";
import { useUploading } from "./uploading";

interface ShelfUploadProps {
  shelf: Shelf;
  opened: boolean;
  onClose: () => void;
  /** What is there, to say what would be replaced. */
  rows: readonly Stored[];
}

export function ShelfUpload(props: ShelfUploadProps) {
  const { t } = useTranslation("releases");
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t(`${props.shelf.id}.upload`)}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t("shell:close") }}
    >
      {props.opened && <Form {...props} />}
    </Modal>
  );
}

/** `setup.v2.msi` -> `setup.v2`. */
function stem(name: string): string {
  return name.replace(/\.[^.]+$/, "");
}

function Form({ shelf, onClose, rows }: ShelfUploadProps) {
  const { t } = useTranslation("releases");
  const [name, setName] = useState("");
  const [version, setVersion] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const uploading = useUploading<Stored>();
  const busy = uploading.share !== null;
  const large = file !== null && file.size > shelf.limit;
  const bad = (text: string) => (text !== "" && !isSegment(text) ? t("shelf.badSegment") : undefined);
  const ready = file && file.size > 0 && !large && isSegment(name) && isSegment(version);
  const there = rows.some((row) => row.name === name && row.version === version);
  const choose = (chosen: File | null) => {
    setFile(chosen);
    if (chosen && !name) setName(stem(chosen.name));
  };
  const go = () =>
    file &&
    uploading.start(`${shelf.path}${path`/${name}/${version}`}`, file, (stored) => {
      void client.invalidateQueries({ queryKey: [shelf.path] });
      toast.done(t("upload.stored", { name: visible(stored.name), version: visible(stored.version) }));
      onClose();
    });
  return (
    <Stack gap="sm">
      <FileInput
        label={t("upload.file")}
        description={t("upload.fileHelp", {
          kinds: shelf.accept.replaceAll(",", " "),
          limit: shelf.limitText,
        })}
        placeholder={t("upload.choose")}
        accept={shelf.accept}
        value={file}
        onChange={choose}
        disabled={busy}
        error={
          large
            ? t("upload.tooLarge", { limit: shelf.limitText })
            : file?.size === 0
              ? t("upload.empty")
              : undefined
        }
        clearable
      />
      <TextInput
        label={t("column.name")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={bad(name)}
        disabled={busy}
        autoComplete="off"
        spellCheck={false}
      />
      <TextInput
        label={t("column.version")}
        value={version}
        onChange={(event) => setVersion(event.currentTarget.value)}
        error={bad(version)}
        disabled={busy}
        autoComplete="off"
        spellCheck={false}
      />
      {there && (
        <Alert color="yellow" variant="light">
          {t("upload.replaces")}
        </Alert>
      )}
      <UploadBar of={uploading} size={file?.size ?? 0} />
      <Group justify="flex-end" gap="xs">
        <Button onClick={onClose}>{t("shell:cancel")}</Button>
        <Button variant="filled" disabled={!ready} loading={busy} onClick={go}>
          {t("upload.do")}
        </Button>
      </Group>
    </Stack>
  );
}
