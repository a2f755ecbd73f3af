/** Whom a version is for: everybody, a group, or one PC. */

import { Autocomplete, Select, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { Segments } from "../../design/Segments";
import { visible } from "../../design/text";
import { useApi } from "../../lib/data";
import { useHasPage } from "../../lib/plugins";
import { useAgentsKept } from "../../pick/AgentsKept";
import type { Scope } from "./releases";

export interface Draft {
  type: Scope["type"];
  value: string;
}

export function scopeFrom(draft: Draft): Scope | null {
  if (draft.type === "global") return { type: "global" };
  const value = draft.value.trim();
  return value ? { type: draft.type, value } : null;
}

export function ScopeForm({ value, onChange }: { value: Draft; onChange: (draft: Draft) => void }) {
  const { t } = useTranslation("releases");
  return (
    <Stack gap={4}>
      <Segments
        label={t("roll.scope")}
        value={value.type}
        onChange={(type) => onChange({ type: type as Scope["type"], value: "" })}
        data={[
          { value: "group", label: t("scope.group") },
          { value: "pc", label: t("scope.pc") },
          { value: "global", label: t("scope.global") },
        ]}
      />
      {value.type === "group" && (
        <GroupSelect value={value.value} onChange={(name) => onChange({ type: "group", value: name })} />
      )}
      {value.type === "pc" && (
        <PcInput value={value.value} onChange={(name) => onChange({ type: "pc", value: name })} />
      )}
    </Stack>
  );
}

interface InputProps {
  value: string;
  onChange: (name: string) => void;
}

export function useGroupNames(): string[] {
  const { data } = useApi<{ groups: { name: string }[] }>("/api/groups", {
    topics: ["kv:agent_groups"],
    enabled: useHasPage()("fleet.groups"),
  });
  return (data?.groups ?? []).map((one) => one.name);
}

export function GroupSelect({ value, onChange }: InputProps) {
  const { t } = useTranslation("releases");
  const listed = useHasPage()("fleet.groups");
  const names = useGroupNames();
  const offered = value && !names.includes(value) ? [...names, value] : names;
  if (!listed)
    return (
      <TextInput
        label={t("scope.group")}
        description={t("uncounted.groups")}
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <Select
      label={t("scope.group")}
      searchable
      data={offered}
      limit={200}
      value={value || null}
      onChange={(name) => onChange(name ?? "")}
      nothingFoundMessage={t("roll.noGroup")}
    />
  );
}

function PcInput({ value, onChange }: InputProps) {
  const { t } = useTranslation("releases");
  const [asked] = useDebouncedValue(value.trim(), 250);
  const enabled = useAgentsKept();
  const { data } = useApi<{ items: { pc_id: string }[] }>("/api/fleet/agents", {
    enabled,
    query: { q: asked, limit: 20 },
    keep: true,
  });
  return (
    <Autocomplete
      label={t("scope.pc")}
      description={t("roll.pcHelp")}
      spellCheck={false}
      value={value}
      onChange={onChange}
      data={[...new Set((data?.items ?? []).map((one) => one.pc_id))]}
      renderOption={({ option }) => <span className="mono">{visible(option.value)}</span>}
    />
  );
}
