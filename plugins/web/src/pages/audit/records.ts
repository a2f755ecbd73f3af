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
