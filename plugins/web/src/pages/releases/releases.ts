/** Releases, the scopes that are meant to have one, and how many PCs have which version now. */
import { api, type Query } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { useHasPage } from "../../lib/plugins";
import { listUrl } from "../../list/state";
import type { Filter } from "../../list/types";
import { useAgentsKept } from "../../pick/AgentsKept";
import { seconds } from "./duration";

export interface Release {
  version: string;
  size: number;
  digest: string | null;
  modified: string | null;
}

/** Whom a version is meant for, as the server takes it. */
export type Scope = { type: "global" } | { type: "group" | "pc"; value: string };

export interface Target {
  scope_key: string;
  scope_label: string;
  type: "global" | "group" | "pc";
  value: string | null;
  version: string;
  jitter: string | null;
  set_at: string;
}

interface Targets {
  total: number;
  items: Target[];
}

interface Facets {
  total: number;
  total_capped: boolean;
  facets: { by: string; values_total: number; values: { value: string | null; count: number }[] }[];
}

const FLEET = ["agents", "kv:agent_groups"] as const;
const TARGETS = ["kv:agent_config"] as const;
export const RELEASES = ["releases"] as const;
const MOST_VERSIONS = 100;

export function useReleases() {
  return useApi<Release[]>("/api/agents/releases", { topics: RELEASES });
}

export function useTargets(limit = 1_000) {
  return useApi<Targets>("/api/releases/targets", { query: { limit }, topics: TARGETS });
}

export function scopeOf(target: Target): Scope {
  return target.type === "global" ? { type: "global" } : { type: target.type, value: target.value ?? "" };
}

export function labelOf(scope: Scope): string {
  return scope.type === "global" ? "global" : `${scope.type}:${scope.value}`;
}

function queryOf(scope: Scope): Query {
  if (scope.type === "global") return {};
  return scope.type === "group" ? { group: scope.value } : { pcs: scope.value };
}

function filtersOf(scope: Scope): Filter[] {
  if (scope.type === "global") return [];
  return [{ field: scope.type === "group" ? "group" : "pcs", op: "eq", value: scope.value }];
}

/** The list of agents of a scope, also narrowed to those with, or without, a version. */
export function agentsUrl(scope: Scope, more: readonly Filter[] = []): string {
  return listUrl("/agents", { filters: [...filtersOf(scope), ...more] });
}

/** Why it cannot be asked who is in a scope: agents and groups are kept by other plugins. Undefined: it can. */
export function useUncounted(
  scope: Scope | null,
  leftOut: readonly string[] = [],
): "agents" | "groups" | undefined {
  const agents = useAgentsKept();
  const groups = useHasPage()("fleet.groups");
  if (!agents) return "agents";
  return groups || (scope?.type !== "group" && leftOut.length === 0) ? undefined : "groups";
}

/** How many PCs of a scope have which version, the most frequent first. */
export function useVersions(scope: Scope | null) {
  const countable = !useUncounted(scope);
  return useApi<Facets>("/api/fleet/facets", {
    query: { by: "version", limit: MOST_VERSIONS, ...(scope ? queryOf(scope) : {}) },
    topics: FLEET,
    enabled: countable && scope !== null,
  });
}

export interface Reach {
  total: number;
  reached: number;
  online: number;
  offline: number;
}

const MOST_LEFT_OUT = 40; // more would not fit into an address

/** Groups that have another version as their target: what is meant for everybody is not meant for them. */
export function useLeftOut(scope: Scope, version: string): string[] {
  const { data } = useTargets();
  if (scope.type !== "global") return [];
  const others = data?.items.filter((one) => one.type === "group" && one.version !== version) ?? [];
  return others.flatMap((one) => one.value ?? []).slice(0, MOST_LEFT_OUT);
}

/** How far a version has come in a scope; undefined until it is known. */
export function useReach(scope: Scope, version: string, leftOut: readonly string[]): Reach | undefined {
  const enabled = !useUncounted(scope, leftOut);
  const all = useApi<Facets>("/api/fleet/facets", {
    enabled,
    query: { by: "version", limit: MOST_VERSIONS, not_group: leftOut, ...queryOf(scope) },
    topics: FLEET,
    keep: true,
  });
  const rest = useApi<Facets>("/api/fleet/facets", {
    enabled,
    query: { by: "online", not_version: version, not_group: leftOut, ...queryOf(scope) },
    topics: FLEET,
    keep: true,
  });
  if (!all.data || !rest.data) return undefined;
  const online = rest.data.facets[0]?.values.find((one) => one.value === "true")?.count ?? 0;
  const offline = rest.data.facets[0]?.values.find((one) => one.value === "false")?.count ?? 0;
  const reached = all.data.facets[0]?.values.find((one) => one.value === version)?.count ?? 0;
  return { total: reached + online + offline, reached, online, offline };
}

const GRACE = 600; // seconds: fetching, swapping, starting, and the next heartbeat

/** Whether agents that are online should all have it by now. */
export function isOverdue(target: Pick<Target, "set_at" | "jitter">, now: number): boolean {
  const spread = seconds(target.jitter ?? "") ?? 0;
  return now - Date.parse(target.set_at) > (spread + GRACE) * 1_000;
}

export interface Wanted {
  version: string;
  scope: Scope;
  jitter: string;
}

export function rollOut({ version, scope, jitter }: Wanted): Promise<unknown> {
  return api.post("/api/agents/rollout", { json: { version, scope, jitter: jitter.trim() || null } });
}

export function useRollOut(done: (wanted: Wanted) => string, after: () => void) {
  return useAction<Wanted>({
    run: rollOut,
    done: (_, wanted) => done(wanted),
    touches: TARGETS,
    after,
  });
}

export function stop(version: string, scope: Scope): Promise<{ version: string | null }> {
  return api.post("/api/agents/rollout/stop", { json: { version, scope } });
}

export function useBefore(scope: Scope | null, version: string) {
  return useApi<{ version: string | null }>("/api/releases/targets/before", {
    query: { scope: scope ? labelOf(scope) : "", version },
    topics: TARGETS,
    enabled: scope !== null,
  });
}
