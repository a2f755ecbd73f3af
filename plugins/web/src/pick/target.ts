/** Which PCs something is for: what the picker makes, and how a selection travels to the page that acts. */
import { api } from "../lib/api";

/** The filter of `/api/fleet/agents`, as JSON. */
export interface AgentFilter {
  q?: string;
  group?: readonly string[];
  not_group?: readonly string[];
  version?: readonly string[];
  not_version?: readonly string[];
  os?: readonly string[];
  online?: boolean;
  state?: "active" | "stale";
  pcs?: readonly string[];
  doubled?: boolean;
  attributes?: readonly { name: string; value: string; op?: string }[];
  inventory?: readonly { manifest: string; table: string; column: string; value: string; op?: string }[];
}

/**
 * - `all`: every PC, also those that are not known yet
 * - `groups`: who is in them when it happens
 * - `names`: pc_ids or host names, as they were pasted or selected
 * - `filter`: who passes it now
 */
export type Target =
  | { kind: "none" }
  | { kind: "all" }
  | { kind: "groups"; groups: readonly string[] }
  | { kind: "names"; names: readonly string[] }
  | { kind: "filter"; filter: AgentFilter; label?: string };

export const NOBODY: Target = { kind: "none" };

/** Whom a target means now. `unknown`: names that no PC has; `ambiguous`: host names of several PCs. */
export interface Resolved {
  total: number;
  matched: string[];
  unknown: string[];
  ambiguous: Record<string, string[]>;
  left_out: string[];
}

const NONE: Resolved = { total: 0, matched: [], unknown: [], ambiguous: {}, left_out: [] };

/** Asks the server which PCs those are, now. */
export async function resolve(target: Target, signal?: AbortSignal): Promise<Resolved> {
  const select = (json: unknown) => api.post<Resolved>("/api/fleet/select", { json, signal });
  switch (target.kind) {
    case "all":
      return select({ filter: {} });
    case "groups":
      return target.groups.length > 0 ? select({ filter: { group: target.groups } }) : NONE;
    case "names":
      return target.names.length > 0 ? select({ names: target.names }) : NONE;
    case "filter":
      return select({ filter: target.filter });
    default:
      return NONE;
  }
}

/** What the routes that fire take: groups stay groups, everything else becomes the PCs it means now. */
export function fireTarget(
  target: Target,
  resolved: Resolved,
): { all: boolean; groups: string[]; pcs: string[] } {
  if (target.kind === "all") return { all: true, groups: [], pcs: [] };
  if (target.kind === "groups") return { all: false, groups: [...target.groups], pcs: [] };
  return { all: false, groups: [], pcs: resolved.matched };
}

/** Each name once, in the order given: white space, commas and semicolons separate. */
export function names(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

// -- a target in a URL -----------------------------------------------------------------------

const LONGEST = 1_500; // characters of JSON that an address may hold: proxies cut at 4 to 8 KiB
const KEPT = "kanade_target:";

/** The value of the parameter `target`. What is too long for an address stays in this tab. */
export function writeTarget(target: Target): string {
  if (target.kind === "none") return "";
  const text = JSON.stringify(target);
  if (text.length <= LONGEST) return text;
  const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  sessionStorage.setItem(KEPT + id, text);
  return `#${id}`;
}

/** A target that is no longer kept, or no target, is nobody: never everybody. */
export function readTarget(given: string | undefined): Target {
  if (!given) return NOBODY;
  const text = given.startsWith("#") ? sessionStorage.getItem(KEPT + given.slice(1)) : given;
  try {
    return checked(JSON.parse(text ?? ""));
  } catch {
    return NOBODY;
  }
}

function texts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function checked(value: unknown): Target {
  const { kind, groups, names: list, filter, label } = (value ?? {}) as Record<string, unknown>;
  if (kind === "all") return { kind };
  if (kind === "groups" && texts(groups)) return { kind, groups };
  if (kind === "names" && texts(list)) return { kind, names: list };
  if (kind === "filter" && typeof filter === "object" && filter !== null && Object.keys(filter).length > 0) {
    return { kind, filter: filter as AgentFilter, label: typeof label === "string" ? label : undefined };
  }
  return NOBODY;
}

/** The address of a page that acts on a target: `/run?target=…`. */
export function targetUrl(to: string, target: Target): string {
  const value = writeTarget(target);
  return value ? `${to}${to.includes("?") ? "&" : "?"}target=${encodeURIComponent(value)}` : to;
}
