/** Groups as the server lists them. */
import { useMemo } from "react";
import { api } from "../../lib/api";
import type { CursorSource } from "../../list/types";
import type { AgentFilter } from "../../pick/target";

export interface Group {
  name: string;
  kind: "static" | "dynamic";
  members: number;
  has_config: boolean;
  description: string | null;
  filter: AgentFilter | null;
  updated_at: string | null;
  updated_by: string | null;
  evaluated_at: string | null;
  /** Why the members do not follow the filter at the moment. */
  problem: string | null;
}

interface Groups {
  total: number;
  items: Group[];
  next: string | null;
}

export const TOPICS = ["groups", "kv:agent_groups", "kv:agent_config"] as const;

export function useGroupSource(): CursorSource<Group> {
  return useMemo(
    () => ({
      kind: "cursor",
      key: ["groups"],
      rowId: (row) => row.name,
      topics: TOPICS,
      live: "refresh",
      page: async (asked, after, limit, signal) => {
        const answer = await api.get<Groups>("/api/fleet/groups", {
          query: { q: asked.q, after, limit },
          signal,
        });
        return { rows: answer.items, total: answer.total, next: answer.next };
      },
    }),
    [],
  );
}
