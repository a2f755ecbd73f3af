/** The list's filters in the language of `/api/fleet/agents`, as a query and as JSON. */
import type { Query } from "../lib/api";
import type { Asked, Filter, Operator } from "../list/types";
import type { AgentFilter } from "./target";

const LISTS = ["group", "version", "os"] as const;
const FLAGS = ["online", "doubled"] as const;
const ATTRIBUTE = "attribute.";
const INVENTORY = "inventory.";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What the server is asked for, as JSON: pickers and dynamic groups. */
export function filterOf(asked: Asked): AgentFilter {
  const made: Mutable<AgentFilter> = {};
  if (asked.q) made.q = asked.q;
  for (const { field, op, value } of asked.filters) {
    const listed = LISTS.find((name) => name === field);
    const flag = FLAGS.find((name) => name === field);
    if (listed && op === "ne" && listed !== "os") {
      const name = `not_${listed}` as const;
      made[name] = [...(made[name] ?? []), value];
    } else if (listed) made[listed] = [...(made[listed] ?? []), value];
    else if (flag) made[flag] = value === "true";
    else if (field === "state" && (value === "active" || value === "stale")) made.state = value;
    else if (field === "pcs") made.pcs = [...(made.pcs ?? []), ...value.split(",").filter(Boolean)];
    else if (field.startsWith(ATTRIBUTE)) {
      const test = { name: field.slice(ATTRIBUTE.length), ...comparison(op, value) };
      made.attributes = [...(made.attributes ?? []), test];
    } else if (field.startsWith(INVENTORY)) {
      const [column = "", table = "", ...rest] = field.slice(INVENTORY.length).split(".").reverse();
      const test = { manifest: rest.reverse().join("."), table, column, value, ...(op !== "eq" && { op }) };
      made.inventory = [...(made.inventory ?? []), test];
    }
  }
  return made;
}

/** `none` and `some` are `exists` there. */
function comparison(op: Operator, value: string): { op?: string; value: string } {
  if (op === "none" || op === "some") return { op: "exists", value: op === "some" ? "true" : "false" };
  return op === "eq" ? { value } : { op, value };
}

/** The same as a query string: lists and exports. */
export function queryOf(asked: Asked): Query {
  const { attributes = [], inventory = [], pcs, ...plain } = filterOf(asked);
  const query: Record<string, string | string[]> = {};
  const add = (key: string, op: string | undefined, value: string) => {
    const name = op ? `${key}__${op}` : key;
    query[name] = [...((query[name] as string[] | undefined) ?? []), value];
  };
  for (const one of attributes) add(ATTRIBUTE + one.name, one.op, one.value);
  for (const one of inventory)
    add(`${INVENTORY}${one.manifest}.${one.table}.${one.column}`, one.op, one.value);
  const flags = Object.fromEntries(
    Object.entries(plain).map(([name, value]) => [name, typeof value === "boolean" ? String(value) : value]),
  );
  return { ...(flags as Query), ...(pcs ? { pcs: pcs.join(",") } : {}), ...query };
}

/** And back, to be shown as chips. */
export function filtersOf(filter: AgentFilter): Filter[] {
  const made: Filter[] = [];
  for (const name of LISTS) {
    for (const value of filter[name] ?? []) made.push({ field: name, op: "eq", value });
    if (name === "os") continue;
    for (const value of filter[`not_${name}`] ?? []) made.push({ field: name, op: "ne", value });
  }
  for (const name of FLAGS)
    if (filter[name] !== undefined) made.push({ field: name, op: "eq", value: String(filter[name]) });
  if (filter.state) made.push({ field: "state", op: "eq", value: filter.state });
  if (filter.pcs) made.push({ field: "pcs", op: "eq", value: filter.pcs.join(",") });
  for (const one of filter.attributes ?? [])
    made.push({ field: ATTRIBUTE + one.name, ...back(one.op, one.value) });
  for (const one of filter.inventory ?? []) {
    made.push({
      field: `${INVENTORY}${one.manifest}.${one.table}.${one.column}`,
      ...back(one.op, one.value),
    });
  }
  return made;
}

function back(op: string | undefined, value: string): { op: Operator; value: string } {
  if (op === "exists") return { op: value === "true" ? "some" : "none", value: "" };
  return { op: (op as Operator | undefined) ?? "eq", value };
}
