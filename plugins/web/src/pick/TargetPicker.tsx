/** Choosing PCs: everybody, groups, a pasted list, a filter, a saved view; and exactly who that is. */
import { MultiSelect, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../design/numbers";
import { useApi } from "../lib/data";
import { useHasPage } from "../lib/plugins";
import { useAgentsKept } from "./AgentsKept";
import { FilterForm } from "./FilterForm";
import { Preview } from "./Preview";
import styles from "./pick.module.css";
import { names, type Resolved, resolve, type Target } from "./target";

type Kind = Target["kind"];

export interface TargetPickerProps {
  value: Target;
  onChange: (target: Target) => void;
  /** Told whenever it is known again whom the target means. */
  onResolved?: (resolved: Resolved | null) => void;
  /** Ways that make no sense for what is to happen. */
  without?: readonly Kind[];
  label?: string;
}

/** Who a target means, asked again when the fleet or its groups change. */
export function useResolved(target: Target) {
  const [settled] = useDebouncedValue(target, 250);
  const kept = useAgentsKept();
  const query = useQuery({
    queryKey: ["resolve", settled],
    queryFn: ({ signal }) => resolve(settled, signal),
    meta: { topics: ["kv:agent_groups"] },
    enabled: kept && settled.kind !== "none",
    placeholderData: (before) => before,
  });
  const current = settled === target && !query.isPlaceholderData;
  return { ...query, current };
}

export function TargetPicker({ value, onChange, onResolved, without = [], label }: TargetPickerProps) {
  const { t } = useTranslation("pick");
  const [kind, setKind] = useState<Kind>(
    value.kind === "none" ? (without.includes("names") ? "filter" : "names") : value.kind,
  );
  useEffect(() => {
    if (value.kind !== "none") setKind(value.kind);
  }, [value.kind]);
  const resolved = useResolved(value);
  const { data, current } = resolved;
  const known = value.kind !== "none" && current ? (data ?? null) : null;
  useEffect(() => onResolved?.(known), [onResolved, known]);
  const ways = (["names", "groups", "filter", "all"] as const).filter((one) => !without.includes(one));
  const choose = (next: string) => {
    setKind(next as Kind);
    onChange(next === "all" ? { kind: "all" } : { kind: "none" });
  };
  return (
    <fieldset className={styles.picker}>
      <legend className={styles.legend}>{label ?? t("label")}</legend>
      <Stack gap="sm">
        <SegmentedControl
          size="xs"
          className={styles.ways}
          aria-label={t("way")}
          value={kind}
          onChange={choose}
          data={ways.map((one) => ({ value: one, label: t(`kind.${one}`) }))}
        />
        {kind === "names" && <Names value={value} onChange={onChange} />}
        {kind === "groups" && <Groups value={value} onChange={onChange} />}
        {kind === "filter" && <FilterForm value={value} onChange={onChange} />}
        {kind === "all" && <Text size="sm">{t("allText")}</Text>}
        <Preview
          target={value}
          resolved={resolved}
          onNames={(list) => onChange({ kind: "names", names: list })}
        />
      </Stack>
    </fieldset>
  );
}

interface WayProps {
  value: Target;
  onChange: (target: Target) => void;
}

/** A list as one pastes it from a spreadsheet or a ticket. */
function Names({ value, onChange }: WayProps) {
  const { t, i18n } = useTranslation("pick");
  const given = value.kind === "names" ? value.names : [];
  const [text, setText] = useState(given.join("\n"));
  const said = names(text);
  // A list that comes from outside (a link, a selection) replaces what stands here.
  const joined = given.join("\n");
  useEffect(() => {
    setText((now) => (names(now).join("\n") === joined ? now : joined));
  }, [joined]);
  return (
    <Textarea
      label={t("names")}
      description={t("namesHelp")}
      autosize
      minRows={3}
      maxRows={10}
      spellCheck={false}
      value={text}
      classNames={{ input: "mono" }}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        const list = names(next);
        onChange(list.length > 0 ? { kind: "names", names: list } : { kind: "none" });
      }}
      error={undefined}
      inputWrapperOrder={["label", "description", "input", "error"]}
      rightSection={
        said.length > 0 ? <span className="soft">{count(said.length, i18n.language)}</span> : undefined
      }
      rightSectionWidth={56}
    />
  );
}

export interface GroupRow {
  name: string;
  members: string[];
  has_config: boolean;
}

function Groups({ value, onChange }: WayProps) {
  const { t, i18n } = useTranslation("pick");
  const answer = useApi<{ groups: GroupRow[] }>("/api/groups", {
    topics: ["kv:agent_groups", "kv:agent_config"],
    enabled: useHasPage()("fleet.groups"),
  });
  const sizes = useMemo(
    () => new Map(answer.data?.groups.map((one) => [one.name, one.members.length]) ?? []),
    [answer.data],
  );
  const chosen = value.kind === "groups" ? [...value.groups] : [];
  const offered = [...new Set([...sizes.keys(), ...chosen])];
  return (
    <MultiSelect
      label={t("groups")}
      description={t("groupsHelp")}
      size="xs"
      searchable
      data={offered}
      value={chosen}
      onChange={(groups) => onChange(groups.length > 0 ? { kind: "groups", groups } : { kind: "none" })}
      nothingFoundMessage={answer.error ? answer.error.message : t("noGroups")}
      maxDropdownHeight={260}
      limit={200}
      renderOption={({ option }) => (
        <span className={styles.option}>
          <span>{option.value}</span>
          <span className="soft">{count(sizes.get(option.value) ?? 0, i18n.language)}</span>
        </span>
      )}
    />
  );
}
