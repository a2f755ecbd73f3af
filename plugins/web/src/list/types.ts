/** What a list is made of: columns, fields to filter by, a source on the server, actions on a selection. */
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Query } from "../lib/api";
import type { Role } from "../lib/me";

export type Operator =
  | "eq"
  | "ne"
  | "contains"
  | "prefix"
  | "suffix"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "none"
  | "some";

/** One condition. In the URL it is `f=field:op:value`. */
export interface Filter {
  field: string;
  op: Operator;
  value: string;
}

export interface Choice {
  value: string;
  label?: string;
  /** How many rows have it, where the server counts. */
  count?: number;
}

/** Something that rows can be filtered by; it need not be a column. */
export interface Field {
  id: string;
  title: string;
  kind: "text" | "number" | "choice" | "time";
  /** Comparisons offered, the first one by default. */
  ops?: readonly Operator[];
  /** For kind "choice": known values, or a question to the server with what was typed so far. */
  choices?: readonly Choice[] | ((typed: string, signal: AbortSignal) => Promise<readonly Choice[]>);
  /** How a value reads in a chip. */
  show?: (value: string) => string;
  /** Only shown where a filter of it is there already (links set it, nobody types it). */
  hidden?: boolean;
}

export interface Column<R> {
  id: string;
  title: string;
  cell: (row: R) => ReactNode;
  /** Pixels at least. Columns share what is left by `grow`, 1 by default. */
  width: number;
  grow?: number;
  align?: "end";
  /** The server's name for sorting by it; absent: it cannot be sorted. */
  sort?: string;
  /** Descending at the first click (times, sizes). */
  descending?: boolean;
  /** Not shown until it is chosen. */
  optional?: boolean;
  /** Always shown, first. */
  fixed?: boolean;
  /** Where it stands on a card at phone width; default: a line with its title. */
  card?: "title" | "badge" | "none";
}

/** What the server is asked for. */
export interface Asked {
  q: string;
  filters: readonly Filter[];
  /** `column` or `-column`; empty: the server's own order. */
  sort: string;
}

export interface Page<R> {
  rows: R[];
  /** All that match; null where the server does not count. */
  total: number | null;
  /** The total is a lower bound: it reads "10,000+". */
  more?: boolean;
  /** Where the next page begins; null at the end. Only for sources with `kind: "cursor"`. */
  next?: string | null;
}

interface Common<R> {
  /** Distinguishes the cache; everything that the answer depends on beside `Asked`. */
  key: readonly unknown[];
  rowId: (row: R) => string;
  /** Live topics after which rows are asked for again. */
  topics?: readonly string[];
  /** Where exactly what is filtered is downloaded; formats in the order of the menu. */
  export?: {
    path: string;
    query: (asked: Asked) => Query;
    formats: readonly ("csv" | "json")[];
    name: string;
  };
  /** Ids of all that match, for "select all". */
  ids?: (asked: Asked, signal?: AbortSignal) => Promise<{ ids: string[]; more: boolean }>;
}

/** Rows by position: any part can be shown at once. */
export interface OffsetSource<R> extends Common<R> {
  kind: "offset";
  page: (asked: Asked, offset: number, limit: number, signal: AbortSignal) => Promise<Page<R>>;
}

/** Newest first, page by page, for what grows at its head. */
export interface CursorSource<R> extends Common<R> {
  kind: "cursor";
  /**
   * What a live event does: "head" looks for rows that are new at the head (the default), "refresh" asks again
   * for the pages that are loaded, for lists that are not sorted by time.
   */
  live?: "head" | "refresh";
  page: (asked: Asked, cursor: string | null, limit: number, signal: AbortSignal) => Promise<Page<R>>;
}

export type Source<R> = OffsetSource<R> | CursorSource<R>;

/** Which rows an action is for. */
export interface Selected<R> {
  count: number;
  /** The total is a lower bound. */
  more: boolean;
  /** Rows that are loaded; with `all`, not all of them. */
  rows: R[];
  all: boolean;
  ids: () => Promise<string[]>;
  clear: () => void;
}

export interface BulkAction<R> {
  id: string;
  title: string;
  icon?: Icon;
  /** Who may; others see it disabled, with the role named. */
  role?: Role;
  danger?: boolean;
  run: (selected: Selected<R>) => void;
}

export interface Empty {
  title: string;
  text: string;
  action?: ReactNode;
}

/** After the total: "agents", or for so many "agent" or "agents". */
export type Unit = string | ((count: number) => string);
