/** Events as the server lists them, and how they read. */

import type { Bounds } from "../../charts/range";
import type { Tone } from "../../design/Status";
import { api } from "../../lib/api";
import type { Asked, CursorSource, Page } from "../../list/types";

export interface EventRow {
  id: number;
  pc_id: string;
  at: string;
  kind: string;
  source: string;
  event_record_id: string | null;
  payload: unknown;
  /** How many that say the same were folded into this one. */
  folded?: number;
}

const TONES: Record<string, Tone> = {
  logon: "ok",
  unlock: "ok",
  boot: "ok",
  resume: "ok",
  agent_started: "ok",
  logoff: "off",
  lock: "off",
  shutdown: "off",
  sleep: "off",
  unexpected_shutdown: "bad",
  diagnostic: "run",
  agent_update: "run",
  agent_self_update: "run",
};

export function tone(kind: string): Tone {
  return TONES[kind] ?? "warn";
}

/** Windows' kinds of logon (event 4624). */
export const LOGON_TYPES = ["2", "3", "4", "5", "7", "10", "11"] as const;

/** The payload in a line: `user=u logon_type=2`. */
export function summary(payload: unknown): string {
  if (payload === null || payload === undefined) return "";
  if (typeof payload !== "object") return String(payload);
  return Object.entries(payload)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join("  ");
}

function user(row: EventRow): string {
  const { payload } = row;
  return typeof payload === "object" && payload !== null && "user" in payload ? String(payload.user) : "";
}

const SAME_WITHIN = 2_000;

/** Windows reports one logon several times: those of the same PC, kind and user within two seconds are one. */
export function folded(rows: readonly EventRow[]): EventRow[] {
  const made: EventRow[] = [];
  const last = new Map<string, EventRow>();
  for (const row of rows) {
    const key = `${row.pc_id}\n${row.kind}\n${user(row)}`;
    const before = last.get(key);
    if (before && Math.abs(Date.parse(before.at) - Date.parse(row.at)) <= SAME_WITHIN) {
      before.folded = (before.folded ?? 1) + 1;
      continue;
    }
    const kept = { ...row };
    last.set(key, kept);
    made.push(kept);
  }
  return made;
}

/** The filters of the list as parameters of the routes. */
export function parameters(asked: Asked): Record<string, string> {
  return Object.fromEntries(
    asked.filters.filter((one) => one.op === "eq").map((one) => [one.field, one.value]),
  );
}

export function eventSource(
  bounds: Bounds,
  fold: boolean,
  fixed: Record<string, string> = {},
): CursorSource<EventRow> {
  return {
    kind: "cursor",
    key: ["events", bounds, fold, fixed],
    rowId: (row) => String(row.id),
    topics: bounds.to === null ? ["obs"] : [],
    page: async (asked, cursor, limit, signal): Promise<Page<EventRow>> => {
      const [to = bounds.to, before_id] = cursor?.split(" ") ?? [];
      const query = { ...parameters(asked), ...fixed, from: bounds.from, to, before_id, limit };
      const { events } = await api.get<{ events: EventRow[] }>("/api/obs_events", { query, signal });
      const last = events.length >= limit ? events.at(-1) : undefined;
      return {
        rows: fold ? folded(events) : events,
        total: null,
        next: last ? `${last.at} ${last.id}` : null,
      };
    },
  };
}
