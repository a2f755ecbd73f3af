/** What agents can be filtered by: the same in the list, in the picker and for dynamic groups. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../lib/api";
import { useApi } from "../lib/data";
import type { Choice, Field } from "../list/types";

interface Facet {
  by: string;
  values: { value: string | null; count: number }[];
}

interface InventoryJob {
  manifest_id: string;
  explode: { field: string; table: string; columns: { field: string; type?: string }[] }[] | null;
}

/** Values of one property with their counts over the whole fleet, the most frequent first. */
export async function facet(by: string, signal?: AbortSignal): Promise<Choice[]> {
  const answer = await api.get<{ facets: Facet[] }>("/api/fleet/facets", {
    query: { by, limit: 500 },
    signal,
  });
  return (answer.facets[0]?.values ?? []).map((one) => ({ value: one.value ?? "", count: one.count }));
}

export function useAgentFields(): readonly Field[] {
  const { t } = useTranslation("pick");
  const attributes = useApi<{ attributes: { name: string }[] }>("/api/fleet/attributes", {
    topics: ["attributes"],
  });
  const jobs = useApi<readonly InventoryJob[]>("/api/inventory/jobs", { topics: ["kv:jobs"] });
  return useMemo(() => {
    const fields: Field[] = [
      {
        id: "online",
        title: t("field.online"),
        kind: "choice",
        ops: ["eq"],
        choices: [
          { value: "true", label: t("online") },
          { value: "false", label: t("offline") },
        ],
        show: (value) => t(value === "true" ? "online" : "offline"),
      },
      {
        id: "group",
        title: t("field.group"),
        kind: "choice",
        ops: ["eq", "ne"],
        choices: (_, signal) => facet("group", signal),
      },
      {
        id: "version",
        title: t("field.version"),
        kind: "choice",
        ops: ["eq", "ne"],
        choices: (_, signal) => facet("version", signal),
      },
      {
        id: "os",
        title: t("field.os"),
        kind: "choice",
        ops: ["eq"],
        choices: (_, signal) => facet("os", signal),
      },
      {
        id: "state",
        title: t("field.state"),
        kind: "choice",
        ops: ["eq"],
        hidden: true,
        choices: [
          { value: "active", label: t("active") },
          { value: "stale", label: t("stale") },
        ],
        show: (value) => t(value === "active" ? "active" : "stale"),
      },
      {
        id: "doubled",
        title: t("field.doubled"),
        kind: "choice",
        ops: ["eq"],
        choices: [
          { value: "true", label: t("yes") },
          { value: "false", label: t("no") },
        ],
        show: (value) => t(value === "true" ? "yes" : "no"),
      },
      {
        id: "pcs",
        title: t("field.pcs"),
        kind: "text",
        hidden: true,
        show: (value) => String(value.split(",").length),
      },
    ];
    for (const one of attributes.data?.attributes ?? []) {
      fields.push({
        id: `attribute.${one.name}`,
        title: one.name,
        kind: "choice",
        ops: ["eq", "ne", "none", "some"],
        choices: (_, signal) => facet(`attribute.${one.name}`, signal),
      });
    }
    for (const job of jobs.data ?? []) {
      for (const table of job.explode ?? []) {
        for (const column of table.columns)
          fields.push(inventoryField(job.manifest_id, table.field, table.table, column));
      }
    }
    return fields;
  }, [attributes.data, jobs.data, t]);
}

function inventoryField(
  manifest: string,
  field: string,
  table: string,
  column: { field: string; type?: string },
): Field {
  const number = column.type === "integer" || column.type === "real";
  return {
    id: `inventory.${manifest}.${table}.${column.field}`,
    title: `${field} · ${column.field}`,
    kind: number ? "number" : "text",
    ops: number ? ["eq", "ne", "lt", "le", "gt", "ge"] : ["eq", "contains", "prefix", "suffix", "ne"],
  };
}
