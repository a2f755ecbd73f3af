/** What agents can be filtered by: the same in the list, in the picker and for dynamic groups. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../lib/api";
import { useApi } from "../lib/data";
import { useHasPage } from "../lib/plugins";
import type { Choice, Field } from "../list/types";
import { useAgentsKept } from "./AgentsKept";

interface Facet {
  by: string;
  values: { value: string | null; count: number }[];
}

interface InventoryJob {
  manifest_id: string;
  display: { field: string; label: string; type?: string }[];
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

/** An own attribute that some PC has. */
export interface NameInUse {
  name: string;
  types: string[];
  pcs: number;
  values: number;
}

const NONE: readonly NameInUse[] = [];

export function useAttributes(): readonly NameInUse[] {
  const enabled = useAgentsKept();
  return useApi<readonly NameInUse[]>("/api/fleet/attributes", { topics: ["agents"], enabled }).data ?? NONE;
}

export function useAgentFields(): readonly Field[] {
  const { t } = useTranslation("pick");
  const attributes = useAttributes();
  const jobs = useApi<readonly InventoryJob[]>("/api/inventory/jobs", {
    topics: ["kv:jobs"],
    enabled: useHasPage()("inventory.facts"),
  });
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
    for (const one of attributes) {
      fields.push({
        id: `attribute.${one.name}`,
        title: one.name,
        kind: "choice",
        ops: ["eq", "ne", "none", "some"],
        choices: (_, signal) => facet(`attribute.${one.name}`, signal),
      });
    }
    for (const job of jobs.data ?? []) {
      for (const one of job.display) fields.push(...inventoryField(job.manifest_id, "facts", one, one.label));
      for (const table of job.explode ?? []) {
        for (const one of table.columns) {
          fields.push(...inventoryField(job.manifest_id, table.field, one, `${table.field} · ${one.field}`));
        }
      }
    }
    return fields;
  }, [attributes, jobs.data, t]);
}

const NUMERIC: readonly (string | undefined)[] = ["integer", "real", "number", "bytes", "table"];

/** The server splits at dots, so what has some in its name cannot be asked for. */
function inventoryField(
  manifest: string,
  table: string,
  column: { field: string; type?: string },
  title: string,
): Field[] {
  if (`${table}${column.field}`.includes(".")) return [];
  const number = NUMERIC.includes(column.type);
  return [
    {
      id: `inventory.${manifest}.${table}.${column.field}`,
      title: `${title} (${manifest})`,
      kind: number ? "number" : "text",
      ops: number
        ? ["eq", "ne", "lt", "le", "gt", "ge", "some", "none"]
        : ["eq", "contains", "prefix", "suffix", "ne", "some", "none"],
    },
  ];
}
