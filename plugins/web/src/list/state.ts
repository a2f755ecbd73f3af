/** The state of a list in the URL: `q`, `f` (repeated), `sort`, `cols`. */
import { useMemo } from "react";
import { type Param, text, useUrlState } from "../lib/urlState";
import type { Asked, Filter, Operator } from "./types";

const OPERATORS: readonly Operator[] = [
  "eq",
  "ne",
  "contains",
  "prefix",
  "suffix",
  "lt",
  "le",
  "gt",
  "ge",
  "none",
  "some",
];

export function readFilter(given: string): Filter | null {
  const [field = "", op = "", ...rest] = given.split(":");
  const known = OPERATORS.find((one) => one === op);
  return field && known ? { field: decodeURIComponent(field), op: known, value: rest.join(":") } : null;
}

/** A colon in a field's name is escaped: the first two separate. */
export function writeFilter(filter: Filter): string {
  return `${filter.field.replaceAll("%", "%25").replaceAll(":", "%3A")}:${filter.op}:${filter.value}`;
}

export const filtersParam: Param<readonly Filter[]> = {
  fallback: [],
  read: (values) => values.map(readFilter).filter((one) => one !== null),
  write: (filters) => filters.map(writeFilter),
};

const columnsParam: Param<readonly string[] | null> = {
  fallback: null,
  read: (values) => values[0]?.split(",").filter(Boolean),
  write: (ids) => (ids ? [ids.join(",")] : []),
};

const shape = { q: text(), f: filtersParam, sort: text(), cols: columnsParam };

export interface ListState extends Asked {
  columns: readonly string[] | null;
  search: (q: string) => void;
  filter: (filters: readonly Filter[]) => void;
  sortBy: (sort: string) => void;
  choose: (columns: readonly string[] | null) => void;
  /** All of it at once, as a saved view does. */
  apply: (view: {
    q: string;
    filters: readonly Filter[];
    sort: string;
    columns: readonly string[] | null;
  }) => void;
}

export function useListState(): ListState {
  const [values, set] = useUrlState(shape);
  return useMemo(
    () => ({
      q: values.q,
      filters: values.f,
      sort: values.sort,
      columns: values.cols,
      search: (q) => set({ q }),
      filter: (f) => set({ f }, { push: true }),
      sortBy: (sort) => set({ sort }),
      choose: (cols) => set({ cols }),
      apply: (view) =>
        set({ q: view.q, f: view.filters, sort: view.sort, cols: view.columns }, { push: true }),
    }),
    [values, set],
  );
}

/** The address of a list that is filtered: what numbers on other pages link to. */
export function listUrl(
  path: string,
  given: { q?: string; filters?: readonly Filter[]; sort?: string },
): string {
  const params = new URLSearchParams();
  if (given.q) params.set("q", given.q);
  for (const filter of given.filters ?? []) params.append("f", writeFilter(filter));
  if (given.sort) params.set("sort", given.sort);
  const query = params.toString();
  return query ? `${path}?${query}` : path;
}
