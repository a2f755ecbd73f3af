/** Name, type and value of an own attribute, to be set on one PC or on many. */
import { Autocomplete, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useAttributes } from "../../pick/agentFields";

const TYPES = ["text", "number", "date", "boolean"] as const;

export interface AttributeDraft {
  name: string;
  type: string;
  value: string;
}

export const NO_ATTRIBUTE: AttributeDraft = { name: "", type: "text", value: "" };

export function isWhole(draft: AttributeDraft): boolean {
  return draft.name.trim() !== "" && draft.value.trim() !== "";
}

interface Props {
  draft: AttributeDraft;
  onChange: (draft: AttributeDraft) => void;
  disabled?: boolean;
}

export function AttributeFields({ draft, onChange, disabled }: Props) {
  const { t } = useTranslation("heartbeat");
  const known = useAttributes();
  return (
    <>
      <Autocomplete
        label={t("agent.attributeName")}
        size="xs"
        data={known.map((one) => one.name)}
        value={draft.name}
        onChange={(name) => onChange({ ...draft, name })}
        disabled={disabled}
        data-autofocus
      />
      <Select
        label={t("agent.attributeType")}
        w={110}
        data={TYPES.map((one) => ({ value: one, label: t(`type.${one}`) }))}
        value={draft.type}
        onChange={(type) => type && onChange({ ...draft, type })}
        disabled={disabled}
      />
      <TextInput
        label={t("agent.attributeValue")}
        type={draft.type === "date" ? "date" : "text"}
        placeholder={draft.type === "boolean" ? "true / false" : undefined}
        value={draft.value}
        onChange={(event) => onChange({ ...draft, value: event.currentTarget.value })}
        disabled={disabled}
      />
    </>
  );
}
