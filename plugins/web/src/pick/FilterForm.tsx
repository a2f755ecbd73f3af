/** A filter over the fleet as a target: the fields and saved views that the list of agents has. */
import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { AddFilter, FilterChips } from "../list/Filters";
import type { Filter } from "../list/types";
import { asked, useViews } from "../list/views";
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
  const views = useViews("/agents").data ?? [];
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
            data={views.map((one) => ({ value: one.view_id, label: one.name }))}
            value={views.find((one) => one.name === given?.label)?.view_id ?? null}
            onChange={(id) => {
              const view = views.find((one) => one.view_id === id);
              if (!view) return;
              const kept = asked(view);
              say(kept.q, kept.filters, view.name);
            }}
          />
        )}
      </div>
      <FilterChips fields={fields} filters={filters} onChange={(next) => say(q, next)} />
    </div>
  );
}
