/** Records of the trail, and what changed from one to the next. */

export interface AuditRecord {
  id: number;
  actor: string;
  action: string;
  target: string | null;
  payload: unknown;
  occurred_at: string | null;
  outcome: "done" | "failed";
}

export const ACTORS = ["operator", "admin", "scheduler", "agent", "self-update"] as const;
export const SPANS = ["1h", "24h", "7d", "30d", "all"] as const;
export type Span = (typeof SPANS)[number];

const HOURS: Record<Exclude<Span, "all">, number> = { "1h": 1, "24h": 24, "7d": 168, "30d": 720 };

/** The instant that a span begins at, as the server takes it; none for all. */
export function since(span: Span, now: number): string | undefined {
  return span === "all" ? undefined : new Date(now - HOURS[span] * 3_600_000).toISOString();
}

/** A pattern that matches exactly this text. */
export function exactly(text: string): string {
  return `^${text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;
}

export interface Difference {
  key: string;
  before: string | undefined;
  after: string | undefined;
}

function flat(value: unknown, prefix = ""): [string, string][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => flat(inner, prefix ? `${prefix}.${key}` : key));
  }
  return [[prefix, JSON.stringify(value)]];
}

/** Keys of nested objects whose values differ; lists count as one value. */
export function differences(before: unknown, after: unknown): Difference[] {
  const old = new Map(flat(before ?? {}));
  const fresh = new Map(flat(after ?? {}));
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .sort()
    .filter((key) => old.get(key) !== fresh.get(key))
    .map((key) => ({ key, before: old.get(key), after: fresh.get(key) }));
}
