/** Layers of configuration as the server has them: keys, their kinds, reading and writing with revisions. */
import { useQuery } from "@tanstack/react-query";
import { api, path, send } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";

export interface Scope {
  target_version?: string | null;
  target_version_jitter?: string | null;
  heartbeat_interval?: string | null;
  host_perf_interval?: string | null;
  process_perf_enabled?: boolean | null;
  process_perf_expires_at?: string | null;
  process_perf_top_n?: number | null;
}

export type Key = keyof Scope;

export const KEYS: readonly { key: Key; kind: "version" | "duration" | "flag" | "time" | "number" }[] = [
  { key: "target_version", kind: "version" },
  { key: "target_version_jitter", kind: "duration" },
  { key: "heartbeat_interval", kind: "duration" },
  { key: "host_perf_interval", kind: "duration" },
  { key: "process_perf_enabled", kind: "flag" },
  { key: "process_perf_expires_at", kind: "time" },
  { key: "process_perf_top_n", kind: "number" },
];

export type Place = { kind: "global" } | { kind: "group"; name: string } | { kind: "pc"; name: string };

export function placePath(place: Place): string {
  if (place.kind === "global") return "/api/config";
  return place.kind === "group"
    ? path`/api/groups/${place.name}/config`
    : path`/api/pcs/${place.name}/config`;
}

export interface Stored {
  scope: Scope;
  /** The ETag to write against; null where there is none yet. */
  etag: string | null;
}

const TOPICS = ["kv:agent_config"];

export function useScope(place: Place) {
  const to = placePath(place);
  return useQuery({
    queryKey: ["scope", to],
    queryFn: async ({ signal }): Promise<Stored> => {
      const response = await send("GET", to, { signal });
      return { scope: (await response.json()) as Scope, etag: response.headers.get("etag") };
    },
    meta: { topics: TOPICS },
  });
}

export interface Revision {
  revision: number;
  at: string;
  scope: Scope | null;
  error: string | null;
}

export function useRevisions(place: Place) {
  return useApi<{ revisions: Revision[] }>(`${placePath(place)}/revisions`, { topics: TOPICS });
}

/** Writes what was read and changed; what somebody else wrote meanwhile is not overwritten (412). */
export async function write(place: Place, scope: Scope, etag: string | null): Promise<void> {
  const headers: Record<string, string> = etag ? { "If-Match": etag } : { "If-None-Match": "*" };
  await api.put(placePath(place), { json: scope, headers });
}

export function useWrite(place: Place, said: string, after?: () => void) {
  return useAction<{ scope: Scope; etag: string | null }>({
    run: ({ scope, etag }) => write(place, scope, etag),
    done: said,
    touches: TOPICS,
    after,
  });
}

export function useRemove(place: Place, said: string) {
  return useAction<string | null>({
    run: (etag) => api.delete(placePath(place), { headers: etag ? { "If-Match": etag } : {} }),
    done: said,
    touches: TOPICS,
  });
}

export interface Layer {
  kind: "global" | "group" | "pc";
  name: string;
  revision: number | null;
  scope: Scope;
  error: string | null;
}

export interface Layers {
  pc_id: string;
  defaults: Scope;
  /** From the weakest to the strongest. */
  layers: Layer[];
  effective: Scope;
  warnings: string[];
}

/** The layer that decides a key, null for the built-in value; and those that set it in vain. */
export function origin(layers: Layers, key: Key): { from: Layer | null; overridden: Layer[] } {
  const setters = layers.layers.filter((one) => one.scope[key] !== undefined && one.scope[key] !== null);
  return { from: setters.at(-1) ?? null, overridden: setters.slice(0, -1).reverse() };
}

/** What is different between two scopes. */
export function changed(before: Scope, after: Scope): Key[] {
  return KEYS.map((one) => one.key).filter((key) => (before[key] ?? null) !== (after[key] ?? null));
}
