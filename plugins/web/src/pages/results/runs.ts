/** Executions, their targets and results, as the server lists them. */
import type { Tone } from "../../design/Status";
import { api, path } from "../../lib/api";
import type { Asked, CursorSource } from "../../list/types";

export const STATES = [
  "waiting",
  "running",
  "done",
  "failed",
  "timed_out",
  "skipped",
  "expired",
  "killed",
  "superseded",
] as const;
export type State = (typeof STATES)[number];

export const STATE_TONES: Record<State, Tone> = {
  waiting: "wait",
  running: "run",
  done: "ok",
  failed: "bad",
  timed_out: "bad",
  skipped: "off",
  expired: "warn",
  killed: "warn",
  superseded: "off",
};

/** Targets in these states have not ended. */
export const OPEN: readonly State[] = ["waiting", "running"];

export interface Execution {
  exec_id: string;
  job_id: string;
  version: string;
  initiated_by: string;
  initiated_at: string | null;
  target_count: number;
  success_count: number;
  failure_count: number;
  status: string;
  expected: number | null;
  states: Record<State, number> | null;
  rerun_of: string | null;
}

export interface ResultRow {
  result_id: string;
  request_id: string;
  exec_id: string | null;
  pc_id: string;
  exit_code: number | null;
  stdout: string;
  stderr: string;
  started_at: string | null;
  finished_at: string | null;
  job_id: string | null;
  version: string | null;
}

export interface TargetRow {
  pc_id: string;
  hostname: string | null;
  online: boolean | null;
  state: State;
  reason: string | null;
  skip: string | null;
  exit_code: number | null;
  result_id: string | null;
  output: string | null;
  changed_at: string | null;
  started_at: string | null;
  finished_at: string | null;
}

export interface OutputGroup {
  output: string;
  exit_code: number | null;
  count: number;
  pcs: string[];
  result_id: string | null;
  stdout: string | null;
  stderr: string | null;
}

/** What goes out together; `due` is null until the one before has gone. */
export interface Batch {
  number: number;
  targets: number;
  state: "waiting" | "sent" | "stopped";
  due: string | null;
  sent_at: string | null;
  reason: string | null;
  states: Record<State, number>;
}

export interface UnansweredRow {
  exec_id: string;
  job_id: string;
  version: string;
  initiated_at: string | null;
  pc_id: string;
  hostname: string | null;
  online: boolean | null;
  state: State;
  reason: string | null;
}

export function resultTone(row: { exit_code: number | null; finished_at: string | null }): Tone {
  if (row.finished_at === null) return "run";
  return row.exit_code === 0 ? "ok" : "bad";
}

/** Whether anything of it may still happen. */
export function isOpen(run: Execution): boolean {
  if (run.states) return OPEN.some((state) => (run.states?.[state] ?? 0) > 0);
  return run.status === "pending" || run.status === "running";
}

/** How an execution stands, in one mark. */
export function runTone(run: Execution): Tone {
  if (isOpen(run)) return "run";
  const { states } = run;
  const bad = states ? states.failed + states.timed_out : run.failure_count;
  if (bad > 0) return "bad";
  if (states && states.expired + states.killed > 0) return "warn";
  return run.status === "expired" ? "warn" : "ok";
}

/** Filters of a list as the parameters of the route; a filter that it does not know is left out. */
export function parameters(asked: Asked, known: readonly string[]): Record<string, string> {
  const query: Record<string, string> = {};
  for (const filter of asked.filters) if (known.includes(filter.field)) query[filter.field] = filter.value;
  return query;
}

interface CursorAnswer<R> {
  items: R[];
  total: number | null;
  more_than: boolean;
  after: string | null;
}

export const RUN_FILTERS = ["job_id", "status", "by", "since"] as const;

function runQuery(asked: Asked) {
  return { q: asked.q, ...parameters(asked, RUN_FILTERS) };
}

export function runSource(): CursorSource<Execution> {
  return {
    kind: "cursor",
    key: ["runs"],
    rowId: (row) => row.exec_id,
    topics: ["executions"],
    page: async (asked, after, limit, signal) => {
      const query = { ...runQuery(asked), after, limit };
      const answer = await api.get<CursorAnswer<Execution>>("/api/activity/executions", { query, signal });
      return { rows: answer.items, total: answer.total, more: answer.more_than, next: answer.after };
    },
  };
}

export const RESULT_FILTERS = ["status", "since", "pc_id", "job_id", "exec_id", "stdout", "stderr"] as const;

function resultQuery(asked: Asked, fixed: Record<string, string>) {
  return { ...parameters(asked, RESULT_FILTERS), ...fixed };
}

/** `fixed`: filters that the page sets by itself. */
export function resultSource(fixed: Record<string, string> = {}): CursorSource<ResultRow> {
  return {
    kind: "cursor",
    key: ["results", fixed],
    rowId: (row) => row.result_id,
    topics: ["results"],
    page: async (asked, after, limit, signal) => {
      const query = { ...resultQuery(asked, fixed), after, limit };
      const answer = await api.get<CursorAnswer<ResultRow>>("/api/activity/results", { query, signal });
      return { rows: answer.items, total: answer.total, more: answer.more_than, next: answer.after };
    },
    export: {
      path: "/api/activity/results/export",
      query: (asked) => resultQuery(asked, fixed),
      formats: ["csv", "json"],
      name: "results",
    },
  };
}

/** A page of a run's targets: `pc_id` holds the text searched for. */
export function targetQuery(asked: Asked, fixed: Record<string, string> = {}) {
  const states = asked.filters.filter((one) => one.field === "state").map((one) => one.value);
  const output = asked.filters.find((one) => one.field === "output")?.value;
  const batch = asked.filters.find((one) => one.field === "batch")?.value;
  return { pc_id: asked.q, state: states.join(","), output, batch, ...fixed };
}

const ALL_AT_MOST = 5_000;

export function targetSource(execId: string): CursorSource<TargetRow> {
  const to = path`/api/executions/${execId}/targets`;
  const page = async (asked: Asked, after: string | null, limit: number, signal?: AbortSignal) => {
    const query = { ...targetQuery(asked), after, limit };
    return api.get<{ targets: TargetRow[]; total: number; after: string | null }>(to, { query, signal });
  };
  return {
    kind: "cursor",
    live: "refresh",
    key: ["targets", execId],
    rowId: (row) => row.pc_id,
    topics: ["executions", "results"],
    page: async (asked, after, limit, signal) => {
      const answer = await page(asked, after, limit, signal);
      return { rows: answer.targets, total: answer.total, next: answer.after };
    },
    ids: async (asked, signal) => {
      const ids: string[] = [];
      let after: string | null = null;
      do {
        const answer: Awaited<ReturnType<typeof page>> = await page(asked, after, ALL_AT_MOST, signal);
        ids.push(...answer.targets.map((one) => one.pc_id));
        after = answer.after;
      } while (after !== null);
      return { ids, more: false };
    },
    export: { path: `${to}/export`, query: targetQuery, formats: ["csv", "json"], name: "targets" },
  };
}

export function unansweredSource(): CursorSource<UnansweredRow> {
  const query = (asked: Asked) => ({
    pc_id: asked.q,
    ...parameters(asked, ["job_id", "since"]),
    state: asked.filters
      .filter((one) => one.field === "state")
      .map((one) => one.value)
      .join(","),
  });
  return {
    kind: "cursor",
    live: "refresh",
    key: ["unanswered"],
    rowId: (row) => `${row.exec_id} ${row.pc_id}`,
    topics: ["executions", "results"],
    page: async (asked, after, limit, signal) => {
      const answer = await api.get<{
        targets: UnansweredRow[];
        total: number;
        more_than: boolean;
        after: string | null;
      }>("/api/targets/unanswered", { query: { ...query(asked), after, limit }, signal });
      return { rows: answer.targets, total: answer.total, more: answer.more_than, next: answer.after };
    },
    export: { path: "/api/targets/unanswered/export", query, formats: ["csv", "json"], name: "unanswered" },
  };
}
