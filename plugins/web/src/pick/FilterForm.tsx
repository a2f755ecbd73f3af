/** A filter over the fleet as a target: the fields and saved views that the list of agents has. */
import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePreference } from "../lib/preferences";
import { AddFilter, FilterChips } from "../list/Filters";
import { readFilter } from "../list/state";
import type { Filter } from "../list/types";
import type { SavedView } from "../list/Views";
import { useAgentFields } from "./agentFields";
import { filterOf, filtersOf } from "./agentFilter";
import styles from "./pick.module.css";
import type { Target } from "./target";

interface FilterFormProps {
  value: Target;
  onChange: (target: Target) => void;
}

export function FilterForm({ value, onChange }: FilterFormProps) {
  const { t } = useTranslation("pick");
  const fields = useAgentFields();
  const [views] = usePreference<readonly SavedView[]>("list.agents.views", []);
  const given = value.kind === "filter" ? value : null;
  const [q, setQ] = useState(given?.filter.q ?? "");
  const filters: readonly Filter[] = given ? filtersOf(given.filter) : [];
  const say = (words: string, next: readonly Filter[], label?: string) => {
    setQ(words);
    const filter = filterOf({ q: words.trim(), filters: next, sort: "" });
    onChange(Object.keys(filter).length > 0 ? { kind: "filter", filter, label } : { kind: "none" });
  };
  return (
    <div className={styles.filter}>
      <div className={styles.filterBar}>
        <TextInput
          type="search"
          aria-label={t("search")}
          placeholder={t("search")}
          value={q}
          onChange={(event) => say(event.currentTarget.value, filters)}
        />
        <AddFilter fields={fields} filters={filters} onChange={(next) => say(q, next)} />
        {views.length > 0 && (
          <Select
            aria-label={t("savedView")}
            placeholder={t("savedView")}
            data={views.map((one) => one.name)}
            value={given?.label ?? null}
            onChange={(name) => {
              const view = views.find((one) => one.name === name);
              const kept = (view?.f ?? []).map(readFilter).filter((one) => one !== null);
              if (view) say(view.q ?? "", kept, view.name);
            }}
          />
        )}
      </div>
      <FilterChips fields={fields} filters={filters} onChange={(next) => say(q, next)} />
    </div>
  );
}
