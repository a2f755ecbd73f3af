import { IconAdjustments, IconFileText, IconUsersGroup } from "@tabler/icons-react";
import { api } from "../../lib/api";
import type { Entries } from "../registry";
import type { Signs } from "../signs";
import type { Timeline } from "../timeline";

export const entries: Entries = {
  "fleet.groups": { load: () => import("./Groups"), icon: IconUsersGroup },
  "fleet.config": { load: () => import("./Config"), icon: IconAdjustments },
  "fleet.logs": { load: () => import("./Logs"), icon: IconFileText },
  "fleet.agent-config": { load: () => import("./AgentConfig") },
  "fleet.agent-logs": { load: () => import("./AgentLogs") },
};

export const signs: Signs = [{ page: "fleet.config", load: () => import("./HealthSign") }];

interface AuditRow {
  id: number;
  actor: string;
  action: string;
  target: string | null;
  payload: unknown;
  occurred_at: string | null;
}

const PAGE = 100;
const MOST = 10_000;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** What people did to it: its groups, its configuration, pings, moves. */
export const timelines: Timeline[] = [
  {
    page: "audit.trail",
    title: "fleet:timeline",
    topics: ["audit"],
    load: async (pcId, next, signal) => {
      // The trail has no cursor: a further page is a longer answer, of which only the end is new.
      const from = Number(next ?? 0);
      const limit = Math.min(MOST, from + PAGE);
      const query = { target: `^(pcs\\.)?${escaped(pcId)}$`, limit };
      const rows = await api.get<AuditRow[]>("/api/audit", { query, signal });
      const items = rows.slice(from).map((one) => ({
        id: String(one.id),
        at: one.occurred_at ?? "",
        tone: "run" as const,
        title: one.action,
        detail: said(one),
      }));
      return { items, next: rows.length === limit && limit < MOST ? String(limit) : null };
    },
  },
];

function said(row: AuditRow): string {
  const {
    sub,
    source: _,
    ...rest
  } = (typeof row.payload === "object" && row.payload ? row.payload : {}) as Record<string, unknown>;
  const values = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [typeof sub === "string" ? sub : row.actor, ...values].join("  ");
}
