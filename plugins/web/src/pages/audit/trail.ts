/** The trail as a list: newest first, filtered on the server. */
import { api, type Query } from "../../lib/api";
import type { Asked, CursorSource, Filter } from "../../list/types";
import type { AuditRecord } from "./records";

const FILTERS = ["actor", "action", "target", "payload", "since"] as const;

/** One filter by each name: the last one counts. */
export function trailQuery(asked: Asked): Query {
  return Object.fromEntries(
    FILTERS.map((name) => [name, asked.filters.findLast((one: Filter) => one.field === name)?.value]),
  );
}

export function trailSource(): CursorSource<AuditRecord> {
  return {
    kind: "cursor",
    key: ["audit"],
    rowId: (row) => String(row.id),
    topics: ["audit"],
    page: async (asked, before, limit, signal) => {
      const query = { ...trailQuery(asked), before, limit };
      const rows = await api.get<AuditRecord[]>("/api/audit", { query, signal });
      const last = rows.length >= limit ? rows.at(-1) : undefined;
      return { rows, total: null, next: last ? String(last.id) : null };
    },
    export: { path: "/api/audit/export", query: trailQuery, formats: ["csv", "json"], name: "audit" },
  };
}
