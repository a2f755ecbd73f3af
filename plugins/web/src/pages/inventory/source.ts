/** Tables of inventory as the server lists them, as a source for the list. */
import { useMemo } from "react";
import { api, path, type Query } from "../../lib/api";
import type { Asked, Source } from "../../list/types";
import type { DisplayField, InventoryJob } from "./jobs";

export interface Row {
  pc_id: string;
  collected_at: string | null;
  values: (string | number | null)[];
  /** The place in the list: rows of a derived table have no id of their own. */
  place: number;
}

interface Rows {
  total: number;
  more: boolean;
  rows: Omit<Row, "place">[];
}

export function tablePath(job: string, field: string): string {
  return field === "" ? path`/api/inventory/${job}/facts` : path`/api/inventory/${job}/tables/${field}`;
}

/** The columns in the order of a row's values. The server leaves out what SQLite cannot name. */
export function columnsOf(job: InventoryJob, field: string): DisplayField[] {
  if (field === "") return job.display.filter((one) => one.field !== "" && !/["'\\\0]/.test(one.field));
  const spec = job.explode?.find((one) => one.field === field);
  return (spec?.columns ?? []).map((one) => ({
    field: one.field,
    label: one.field,
    type: one.type ?? "text",
  }));
}

export function where(asked: Asked): Query {
  return {
    q: asked.q,
    where: asked.filters.map((one) => `${one.field}:${one.op}:${one.value}`),
    sort: asked.sort,
  };
}

export function useTableSource(job: string, field: string): Source<Row> {
  return useMemo(() => {
    const to = tablePath(job, field);
    return {
      kind: "offset",
      key: ["inventory", job, field],
      rowId: (row) => (field === "" ? row.pc_id : `${row.place}`),
      topics: ["inventory"],
      page: async (asked, offset, limit, signal) => {
        const answer = await api.get<Rows>(to, { query: { ...where(asked), limit, offset }, signal });
        const rows = answer.rows.map((row, n) => ({ ...row, place: offset + n }));
        return { rows, total: answer.total, more: answer.more };
      },
      ids: async (asked, signal) => {
        const { q, where: filters } = where(asked);
        const found = await api.get<{ pcs: string[]; more: boolean }>(`${to}/pcs`, {
          query: { q, where: filters },
          signal,
        });
        return { ids: found.pcs, more: found.more };
      },
      export: { path: `${to}/export`, query: where, formats: ["csv", "json"], name: field || job },
    };
  }, [job, field]);
}
