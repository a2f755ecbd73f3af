/** Configuration of the fleet: everybody's, a group's, one PC's. */

import { Autocomplete, SegmentedControl, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PageHead } from "../../design/PageHead";
import { Empty } from "../../design/States";
import { api } from "../../lib/api";
import { useApi } from "../../lib/data";
import { choice, text, useUrlState } from "../../lib/urlState";
import { useAgentsKept } from "../../pick/AgentsKept";
import type { GroupRow } from "../../pick/TargetPicker";
import styles from "./fleet.module.css";
import { Origins } from "./Origins";
import { PlaceEditor } from "./PlaceEditor";

const shape = { scope: choice(["global", "group", "pc"], "global"), group: text(), pc: text() };

export default function Config() {
  const { t } = useTranslation("fleet");
  const [{ scope, group, pc }, set] = useUrlState(shape);
  return (
    <>
      <PageHead title={t("config.title")} about={t("config.aboutPage")} />
      <div className={styles.choose}>
        <SegmentedControl
          size="xs"
          aria-label={t("config.layer")}
          value={scope}
          onChange={(value) => set({ scope: value as "global" | "group" | "pc" }, { push: true })}
          data={(["global", "group", "pc"] as const).map((one) => ({
            value: one,
            label: t(`config.${one}`),
          }))}
        />
        {scope === "group" && (
          <GroupSelect value={group} onChange={(next) => set({ group: next }, { push: true })} />
        )}
        {scope === "pc" && <PcSelect value={pc} onChange={(next) => set({ pc: next }, { push: true })} />}
      </div>
      {scope === "global" && <PlaceEditor place={{ kind: "global" }} />}
      {scope === "group" &&
        (group ? (
          <PlaceEditor key={group} place={{ kind: "group", name: group }} />
        ) : (
          <Empty title={t("config.chooseGroup")} />
        ))}
      {scope === "pc" &&
        (pc ? (
          <>
            <Origins pcId={pc} />
            <PlaceEditor key={pc} place={{ kind: "pc", name: pc }} />
          </>
        ) : (
          <Empty title={t("config.choosePc")} />
        ))}
    </>
  );
}

function GroupSelect({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("fleet");
  const answer = useApi<{ groups: GroupRow[] }>("/api/groups", {
    topics: ["kv:agent_groups", "kv:agent_config"],
  });
  const groups = answer.data?.groups ?? [];
  const data = groups.map((one) => ({
    value: one.name,
    label: one.has_config ? t("config.withScope", { name: one.name }) : one.name,
  }));
  if (value && !groups.some((one) => one.name === value)) data.unshift({ value, label: value });
  return (
    <Select
      aria-label={t("config.group")}
      placeholder={t("config.chooseGroup")}
      w={260}
      searchable
      data={data}
      value={value || null}
      onChange={(next) => onChange(next ?? "")}
    />
  );
}

export function PcSelect({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("fleet");
  const [typed, setTyped] = useState(value);
  const [asked] = useDebouncedValue(typed, 200);
  const kept = useAgentsKept();
  const found = useQuery({
    queryKey: ["pc-names", asked],
    enabled: kept,
    queryFn: ({ signal }) =>
      api.get<{ items: { pc_id: string }[] }>("/api/fleet/agents", {
        query: { q: asked, limit: 30 },
        signal,
      }),
    placeholderData: (before) => before,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onChange(typed.trim());
      }}
    >
      <Autocomplete
        aria-label={t("config.pc")}
        placeholder={t("config.choosePc")}
        size="xs"
        w={260}
        data={[...new Set(found.data?.items.map((one) => one.pc_id) ?? [])]}
        filter={({ options }) => options}
        value={typed}
        onChange={setTyped}
        onOptionSubmit={onChange}
      />
    </form>
  );
}
