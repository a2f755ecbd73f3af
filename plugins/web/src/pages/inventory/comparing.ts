/** Two PCs' facts as pairs of values. */
import type { DisplayField } from "./jobs";
import type { FactsOf } from "./Panel";

export interface Pair {
  key: string;
  label: string;
  /** Of a table: which of its rows. */
  element: string;
  type: string | null;
  one: unknown;
  other: unknown;
  differs: boolean;
}

export interface ComparedJob {
  job: string;
  pairs: Pair[];
}

type Facts = Record<string, unknown>;

function facts(of: FactsOf | undefined): Facts {
  return typeof of?.facts === "object" && of.facts !== null && !Array.isArray(of.facts)
    ? (of.facts as Facts)
    : {};
}

/** Field by field, in the order that the manifest shows them; what it does not show comes last. */
export function compared(one: readonly FactsOf[], other: readonly FactsOf[]): ComparedJob[] {
  const jobs = [...new Set([...one, ...other].map((each) => each.job_id))].sort();
  return jobs.map((job) => {
    const [left, right] = [
      one.find((each) => each.job_id === job),
      other.find((each) => each.job_id === job),
    ];
    const [a, b] = [facts(left), facts(right)];
    const display = left?.display.length ? left.display : (right?.display ?? []);
    const named = new Map(display.map((field) => [field.field, field]));
    const names = [...new Set([...named.keys(), ...Object.keys(a), ...Object.keys(b)])];
    return {
      job,
      pairs: names.flatMap((name) =>
        pairsOf(named.get(name) ?? { field: name, label: name }, a[name], b[name]),
      ),
    };
  });
}

function pairsOf(field: DisplayField, one: unknown, other: unknown): Pair[] {
  if (Array.isArray(one) || Array.isArray(other)) return elements(field, list(one), list(other));
  if (one === undefined && other === undefined) return []; // the manifest shows it, and neither has it
  return [pair(field.field, field, "", one, other)];
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function pair(key: string, field: DisplayField, element: string, one: unknown, other: unknown): Pair {
  return {
    key,
    label: field.label,
    element,
    type: field.type ?? null,
    one,
    other,
    differs: text(one) !== text(other),
  };
}

/** Rows of a table are the same row when their first column is: the name of a program, the letter of a disk. */
function elements(field: DisplayField, one: unknown[], other: unknown[]): Pair[] {
  const name = field.columns?.[0]?.field;
  const [left, right] = [named(one, name), named(other, name)];
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort();
  const plain = { ...field, type: null };
  return keys.map((key) =>
    pair(`${field.field}/${key}`, plain, key, rest(left.get(key), name), rest(right.get(key), name)),
  );
}

function named(rows: unknown[], name: string | undefined): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const row of rows) {
    const first = name ?? (isFacts(row) ? Object.keys(row)[0] : undefined);
    const key = isFacts(row) && first !== undefined ? text(row[first]) : text(row);
    let unique = key;
    for (let n = 2; found.has(unique); n += 1) unique = `${key} (${n})`;
    found.set(unique, row);
  }
  return found;
}

function isFacts(value: unknown): value is Facts {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The row without what names it, in a line. */
function rest(row: unknown, name: string | undefined): unknown {
  if (!isFacts(row)) return row;
  const first = name ?? Object.keys(row)[0];
  const others = Object.entries(row).filter(([key]) => key !== first);
  return others.length === 0 ? "✓" : others.map(([key, value]) => `${key}: ${text(value)}`).join("  ");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
