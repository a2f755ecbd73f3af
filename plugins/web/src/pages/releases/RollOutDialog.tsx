/** Giving a version to everybody, to a group, or to one PC. */
import { Modal, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Question } from "../../design/Confirm";
import { visible } from "../../design/text";
import { seconds } from "./duration";
import { Preview, useRolloutQuestion } from "./Preview";
import { type Release, useRollOut } from "./releases";
import { type Draft, ScopeForm, scopeFrom } from "./ScopeForm";
import { useScopeName } from "./ScopeName";

export const JITTER = "5m";

interface RollOutProps {
  /** The version to begin with; null: closed. */
  version: string | null;
  releases: readonly Release[];
  onClose: () => void;
}

export function RollOutDialog({ version, releases, onClose }: RollOutProps) {
  const { t } = useTranslation("releases");
  return (
    <Modal
      opened={version !== null}
      onClose={onClose}
      title={t("roll.title")}
      closeButtonProps={{ "aria-label": t("shell:close") }}
    >
      {version !== null && <Form version={version} releases={releases} onClose={onClose} />}
    </Modal>
  );
}

function Form({ version: first, releases, onClose }: RollOutProps & { version: string }) {
  const { t } = useTranslation("releases");
  const name = useScopeName();
  const [version, setVersion] = useState(first);
  const [jitter, setJitter] = useState(JITTER);
  const [draft, setDraft] = useState<Draft>({ type: "group", value: "" });
  const scope = scopeFrom(draft);
  const question = useRolloutQuestion(scope, version);
  const action = useRollOut(
    (wanted) => t("roll.done", { version: visible(wanted.version), scope: name(wanted.scope) }),
    onClose,
  );
  const known = releases.some((one) => one.version === version);
  const bad = jitter.trim() !== "" && seconds(jitter) === null;
  return (
    <Question
      onClose={onClose}
      onConfirm={() => scope && action.mutate({ version, scope, jitter })}
      action={t("roll.do")}
      busy={action.isPending}
      {...question}
      disabled={!scope || !known || bad || question.disabled}
    >
      <Stack gap="sm">
        <Select
          label={t("column.version")}
          data={releases.map((one) => one.version)}
          value={known ? version : null}
          onChange={(chosen) => setVersion(chosen ?? "")}
          error={known ? undefined : t("roll.noRelease")}
          searchable
          limit={200}
          allowDeselect={false}
        />
        <ScopeForm value={draft} onChange={setDraft} />
        <JitterInput value={jitter} onChange={setJitter} />
        <Preview scope={scope} version={version} />
      </Stack>
    </Question>
  );
}

export function JitterInput({ value, onChange }: { value: string; onChange: (jitter: string) => void }) {
  const { t } = useTranslation("releases");
  const bad = value.trim() !== "" && seconds(value) === null;
  return (
    <TextInput
      label={t("roll.jitter")}
      description={t("roll.jitterHelp")}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={bad ? t("roll.jitterBad") : undefined}
      autoComplete="off"
    />
  );
}
