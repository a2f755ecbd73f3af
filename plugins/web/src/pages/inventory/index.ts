import { IconArrowsDiff, IconHistory, IconListSearch, IconServerCog } from "@tabler/icons-react";
import { api, path } from "../../lib/api";
import type { Entries } from "../registry";
import type { Timeline } from "../timeline";
import { after, type ChangeRow, changeTone, identity } from "./changes";

export const entries: Entries = {
  "inventory.facts": { load: () => import("./Tables"), icon: IconServerCog },
  "inventory.search": { load: () => import("./Search"), icon: IconListSearch },
  "inventory.history": { load: () => import("./History"), icon: IconHistory },
  "inventory.compare": { load: () => import("./Compare"), icon: IconArrowsDiff },
  "inventory.agent": { load: () => import("./Panel") },
};

const PAGE = 100;

export const timelines: Timeline[] = [
  {
    page: "inventory.agent",
    title: "inventory:timeline",
    topics: ["inventory"],
    load: async (pcId, next, signal, words) => {
      const [before, before_id] = next?.split(" ") ?? [];
      const query = { before, before_id, limit: PAGE };
      const rows = await api.get<ChangeRow[]>(path`/api/agents/${pcId}/inventory_changes`, { query, signal });
      return {
        items: rows
          .filter((one) => one.observed_at !== null)
          .map((one) => ({
            id: String(one.id),
            at: one.observed_at ?? "",
            tone: changeTone(one.change_kind),
            title: `${words(`inventory:kind.${one.change_kind}`)}: ${one.field_path}`,
            detail: identity(one),
          })),
        next: after(rows, PAGE),
      };
    },
  },
];
