/** Agents as the server lists them, as a source for the list. */
import { useMemo } from "react";
import { api, type Query } from "../../lib/api";
import type { Asked, Source } from "../../list/types";
import { filterOf, queryOf } from "../../pick/agentFilter";
import type { Resolved } from "../../pick/target";

export interface AgentRow {
  pc_id: string;
  hostname: string | null;
  os_family: string | null;
  agent_version: string | null;
  last_heartbeat: string | null;
  received_at: string | null;
  online: boolean;
  state: "active" | "stale";
  groups: string[];
  attributes: Record<string, string>;
  warnings: { code: string; text: string }[];
  agent_cpu_pct: number | null;
  agent_rss_bytes: number | null;
  agent_disk_read_bytes: number | null;
  agent_disk_written_bytes: number | null;
}

export interface AgentPage {
  total: number;
  total_capped: boolean;
  items: AgentRow[];
  next: string | null;
}

const LIST = "/api/fleet/agents";
export const TOPICS = ["agents", "kv:agent_groups"] as const;

function ask(asked: Asked): Query {
  return {
    ...queryOf(asked),
    sort: asked.sort.replace(/^-/, ""),
    order: asked.sort.startsWith("-") ? "desc" : "",
  };
}

export function useAgentSource(): Source<AgentRow> {
  return useMemo(
    () => ({
      kind: "offset",
      key: ["agents"],
      rowId: (row) => row.pc_id,
      topics: TOPICS,
      page: async (asked, offset, limit, signal) => {
        const query = { ...ask(asked), offset: offset || null, limit };
        const answer = await api.get<AgentPage>(LIST, { query, signal });
        return { rows: answer.items, total: answer.total, more: answer.total_capped };
      },
      ids: async (asked, signal) => {
        const found = await api.post<Resolved>("/api/fleet/select", {
          json: { filter: filterOf(asked) },
          signal,
        });
        return { ids: found.matched, more: false };
      },
      export: { path: `${LIST}/export`, query: ask, formats: ["csv", "json"], name: "agents" },
    }),
    [],
  );
}
