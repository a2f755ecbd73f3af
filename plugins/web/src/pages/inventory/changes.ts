/** Changes of inventory as the server tells them, and how they read. */
import type { Tone } from "../../design/Status";

export interface ChangeRow {
  id: number;
  pc_id: string;
  job_id: string;
  field_path: string;
  identity_json: string | null;
  change_kind: "added" | "removed" | "changed";
  before_json: string | null;
  after_json: string | null;
  observed_at: string | null;
}

export function changeTone(kind: ChangeRow["change_kind"]): Tone {
  return kind === "added" ? "ok" : kind === "removed" ? "off" : "run";
}

/** Where the next page begins: one scan writes many rows of one moment. */
export function after(rows: readonly ChangeRow[], limit: number): string | null {
  const last = rows.length >= limit ? rows.at(-1) : undefined;
  return last?.observed_at ? `${last.observed_at} ${last.id}` : null;
}

function parsed(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function members(text: string | null): Record<string, unknown> {
  const value = parsed(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function cell(value: unknown): string {
  if (value === null || value === undefined) return "—";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export interface Difference {
  field: string;
  before: string;
  after: string;
}

/** What is different, field by field: of an element that came or went, all of it. */
export function differences(row: ChangeRow): Difference[] {
  const [before, after] = [members(row.before_json), members(row.after_json)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .map((field) => ({ field, before: cell(before[field]), after: cell(after[field]) }))
    .filter((one) => one.before !== one.after);
}

/** What it is about, in a line: `name=Chrome`, or the change itself where it has no name. */
export function identity(row: ChangeRow): string {
  const named = Object.entries(members(row.identity_json)).map(([name, value]) => `${name}=${cell(value)}`);
  const changed = differences(row)
    .slice(0, 4)
    .map((one) =>
      row.change_kind === "changed"
        ? `${one.field}: ${one.before} → ${one.after}`
        : `${one.field}: ${row.change_kind === "added" ? one.after : one.before}`,
    );
  return [named.join("  "), row.change_kind === "changed" || named.length === 0 ? changed.join("  ") : ""]
    .filter(Boolean)
    .join("  ·  ");
}
