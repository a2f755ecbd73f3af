/** Editing one stored document: its source, its schema, what changes before it is saved, and what the server says. */
import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker } from "react-router";
import { ActionButton } from "../design/ActionButton";
import { Confirm } from "../design/Confirm";
import { Loaded, SkeletonRows } from "../design/States";
import { api } from "../lib/api";
import { useAction, useApi } from "../lib/data";
import { parsed } from "./places";
import type { Schema } from "./schema";

const YamlEditor = lazy(() => import("./YamlEditor"));
const Diff = lazy(() => import("./Diff"));

export interface Saved {
  id: string;
  warnings?: string[];
}

interface DocumentEditorProps {
  /** The id that is edited; null for a new document. */
  id: string | null;
  /** Where its source is read. */
  source: string;
  /** Where it is saved, as YAML; the id stands in the text. */
  target: string;
  schema: string;
  template: string;
  label: string;
  touches: readonly string[];
  onSaved: (saved: Saved) => void;
}

export function DocumentEditor(props: DocumentEditorProps) {
  const answer = useApi<string>(props.source, { text: true, enabled: props.id !== null });
  if (props.id === null) return <Editing {...props} before="" start={props.template} />;
  return <Loaded of={answer}>{(text) => <Editing {...props} before={text} start={text} />}</Loaded>;
}

function idIn(text: string): string | null {
  try {
    const id: unknown = parsed(text).get("id");
    return id === undefined || id === null ? null : String(id);
  } catch {
    return null;
  }
}

function Editing({
  id,
  target,
  schema,
  label,
  touches,
  onSaved,
  before,
  start,
}: DocumentEditorProps & { before: string; start: string }) {
  const { t } = useTranslation("editor");
  const [text, setText] = useState(start);
  const [asking, ask] = useState(false);
  const [warnings, warn] = useState<{ saved: Saved; list: string[] } | null>(null);
  const known = useApi<Schema>(schema);
  const dirty = text !== start;
  const left = useRef(false); // at once, not with the next render: saving goes on to another page
  const blocker = useBlocker(() => dirty && !left.current);
  useEffect(() => {
    if (!dirty) return;
    const stay = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", stay);
    return () => window.removeEventListener("beforeunload", stay);
  }, [dirty]);
  const save = useAction({
    run: () => api.post<Saved>(target, { body: text, type: "application/yaml" }),
    done: t("saved"),
    touches,
    after: (saved) => {
      ask(false);
      left.current = true;
      if (saved.warnings?.length) warn({ saved, list: saved.warnings });
      else onSaved(saved);
    },
  });
  const named = idIn(text);
  const copies = id !== null && named !== null && named !== id;
  return (
    <Stack gap="sm">
      {copies && <Alert color="yellow">{t("copies", { id: named, before: id })}</Alert>}
      <Suspense fallback={<SkeletonRows rows={12} />}>
        <YamlEditor
          value={text}
          onChange={setText}
          schema={known.data}
          label={label}
          onSave={() => (dirty || id === null) && ask(true)}
        />
      </Suspense>
      <Group gap="xs">
        <ActionButton
          needs="operator"
          variant="filled"
          blocked={dirty || id === null ? undefined : t("unchanged")}
          onClick={() => ask(true)}
        >
          {t("review")}
        </ActionButton>
        <Button disabled={!dirty} onClick={() => setText(start)}>
          {t("revert")}
        </Button>
        <Text size="xs" c="dimmed">
          {t("help")}
        </Text>
      </Group>
      <Modal opened={asking} onClose={() => ask(false)} title={t("what", { id: named ?? label })} size="xl">
        <Stack gap="sm">
          <Suspense fallback={<SkeletonRows rows={6} />}>
            {asking && <Diff before={copies ? "" : before} after={text} label={t("changes")} />}
          </Suspense>
          {save.error && (
            <Alert color="red" role="alert">
              {save.error.message}
            </Alert>
          )}
          <Group justify="flex-end" gap="xs">
            <Button onClick={() => ask(false)}>{t("back")}</Button>
            <Button variant="filled" loading={save.isPending} onClick={() => save.mutate()} data-autofocus>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </Modal>
      <Modal
        opened={warnings !== null}
        onClose={() => warnings && onSaved(warnings.saved)}
        title={t("warnings")}
      >
        <Stack gap="sm">
          <ul>
            {warnings?.list.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
          <Group justify="flex-end">
            <Button variant="filled" onClick={() => warnings && onSaved(warnings.saved)}>
              {t("understood")}
            </Button>
          </Group>
        </Stack>
      </Modal>
      <Confirm
        opened={blocker.state === "blocked"}
        onClose={() => blocker.reset?.()}
        onConfirm={() => blocker.proceed?.()}
        title={t("leaveTitle")}
        action={t("leave")}
        danger
      >
        {t("leaveText")}
      </Confirm>
    </Stack>
  );
}
