import { IconTimelineEvent } from "@tabler/icons-react";
import { api } from "../../lib/api";

import type { Entries } from "../registry";
import type { Timeline } from "../timeline";
import { type EventRow, summary, tone } from "./events";

export const entries: Entries = {
  "obs.events": { load: () => import("./Events"), icon: IconTimelineEvent },
  "obs.card": { load: () => import("./Card") },
  "obs.agent": { load: () => import("./Panel") },
};

const PAGE = 50;

export const timelines: Timeline[] = [
  {
    page: "obs.agent",
    title: "obs:timeline",
    topics: ["obs"],
    load: async (pcId, next, signal) => {
      const [to, before_id] = next?.split(" ") ?? [];
      const query = { pc_id: pcId, limit: PAGE, to, before_id };
      const { events } = await api.get<{ events: EventRow[] }>("/api/obs_events", { query, signal });
      const last = events.length === PAGE ? events.at(-1) : undefined;
      return {
        items: events.map((one) => ({
          id: String(one.id),
          at: one.at,
          tone: tone(one.kind),
          title: one.kind,
          detail: summary(one.payload),
        })),
        next: last ? `${last.at} ${last.id}` : null,
      };
    },
  },
];
