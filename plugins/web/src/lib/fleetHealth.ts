/** How the fleet is. The server says 503 where something is amiss, with the same body. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { ApiError, api } from "./api";
import { useHasPage } from "./plugins";

export interface FleetHealth {
  status: "ok" | "unknown" | "degraded";
  agents: { known: number; active: number; stale: number };
  jetstream: { all_ok: boolean; healthy: number; total: number; missing: string[] };
  recent_results: { window_hours: number; total: number; failed: number };
}

const ROUTE = "/api/health/fleet";

async function ask(signal: AbortSignal): Promise<FleetHealth> {
  try {
    return await api.get<FleetHealth>(ROUTE, { signal });
  } catch (error) {
    const told = error instanceof ApiError && error.status === 503 ? degraded(error.text) : null;
    if (told) return told;
    throw error;
  }
}

function degraded(text: string): FleetHealth | null {
  try {
    const told: unknown = JSON.parse(text);
    return typeof told === "object" && told !== null && "agents" in told ? (told as FleetHealth) : null;
  } catch {
    return null;
  }
}

/** Who is silent shows by the clock, without any event; `topics` are what makes it ask at once. */
export function useFleetHealth(topics: readonly string[], everySeconds: number): UseQueryResult<FleetHealth> {
  const enabled = useHasPage()("fleet.config"); // the plugin that counts
  return useQuery({
    enabled,
    queryKey: [ROUTE, topics],
    queryFn: ({ signal }) => ask(signal),
    meta: { topics },
    refetchInterval: everySeconds * 1_000,
  });
}
