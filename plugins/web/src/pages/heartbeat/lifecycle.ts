/** PCs that were taken out, moves of PCs, and doubled ids, as the server lists them. */
import { api } from "../../lib/api";
import type { CursorSource, Page } from "../../list/types";

export interface RetiredRow {
  pc_id: string;
  kind: "retire" | "rename" | "merge";
  successor: string | null;
  hostname: string | null;
  os_family: string | null;
  agent_version: string | null;
  last_heartbeat: string | null;
  reason: string | null;
  retired_by: string | null;
  retired_at: string;
  back: boolean;
}

export interface MoveRow {
  id: number;
  kind: RetiredRow["kind"];
  pc_id: string;
  successor: string | null;
  asked_at: string;
  asked_by: string | null;
  finished_at: string | null;
  done: Record<string, { rows: number; notes: string[] }>;
  failed: Record<string, string>;
}

export interface DoubleRow {
  pc_id: string;
  reason: "names" | "counters";
  sources: { hostname: string | null; os_family: string | null; agent_version: string | null }[];
  times: number;
  first_at: string;
  last_at: string;
  current: boolean;
}

export const MOVES = "/api/fleet/moves";

/** Pages that go on after the last row, from routes that answer a bare list and no total. */
function paged<R>(rows: R[], limit: number, cursor: (last: R) => string): Page<R> {
  const last = rows.at(-1);
  return { rows, total: null, next: last !== undefined && rows.length >= limit ? cursor(last) : null };
}

export function retiredSource(): CursorSource<RetiredRow> {
  return {
    kind: "cursor",
    live: "refresh",
    key: ["retired"],
    rowId: (row) => row.pc_id,
    topics: ["moves", "agents"],
    page: async (asked, after, limit, signal) => {
      const query = { q: asked.q, after, limit };
      const rows = await api.get<RetiredRow[]>("/api/fleet/retired", { query, signal });
      return paged(rows, limit, (last) => last.pc_id);
    },
  };
}

export function moveSource(): CursorSource<MoveRow> {
  return {
    kind: "cursor",
    key: ["moves"],
    rowId: (row) => String(row.id),
    topics: ["moves"],
    page: async (asked, before, limit, signal) => {
      const query = { pc_id: asked.q.trim() || null, before, limit };
      return paged(await api.get<MoveRow[]>(MOVES, { query, signal }), limit, (last) => String(last.id));
    },
  };
}

/** The server has a bound for it, and no pages: who has more than this has an image to mend, not a list to read. */
const DOUBLES_AT_MOST = 1_000;

export function doubleSource(): CursorSource<DoubleRow> {
  return {
    kind: "cursor",
    live: "refresh",
    key: ["doubles"],
    rowId: (row) => row.pc_id,
    topics: ["agents"],
    page: async (_asked, _cursor, _limit, signal) => {
      const query = { limit: DOUBLES_AT_MOST };
      const rows = await api.get<DoubleRow[]>("/api/fleet/doubles", { query, signal });
      return { rows, total: rows.length, more: rows.length >= DOUBLES_AT_MOST, next: null };
    },
  };
}
