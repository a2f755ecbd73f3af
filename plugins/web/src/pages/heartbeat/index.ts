import { IconDevices, IconRecycle } from "@tabler/icons-react";
import { api, path } from "../../lib/api";
import type { Finder } from "../findable";
import type { Entries } from "../registry";
import type { AgentPage } from "./agents";

export const entries: Entries = {
  "heartbeat.agents": { load: () => import("./Agents"), icon: IconDevices },
  "heartbeat.lifecycle": { load: () => import("./Lifecycle"), icon: IconRecycle },
  "heartbeat.agent": { load: () => import("./Agent") },
  "heartbeat.health": { load: () => import("./Health") },
  "heartbeat.facts": { load: () => import("./Facts") },
};

export const finders: Finder[] = [
  {
    page: "heartbeat.agent",
    title: "heartbeat:find",
    search: async (asked, signal) => {
      const found = await api.get<AgentPage>("/api/fleet/agents", { query: { q: asked, limit: 8 }, signal });
      return found.items.map((one) => ({
        label: one.pc_id,
        about: one.hostname && one.hostname !== one.pc_id ? one.hostname : undefined,
        to: path`/agents/${one.pc_id}`,
      }));
    },
  },
];
