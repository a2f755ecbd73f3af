import { IconChartLine } from "@tabler/icons-react";
import { span } from "../../design/Age";
import { api, path } from "../../lib/api";
import type { Entries } from "../registry";
import type { Timeline } from "../timeline";

export const entries: Entries = {
  "perf.fleet": { load: () => import("./Fleet"), icon: IconChartLine },
  "perf.card": { load: () => import("./Card") },
  "perf.agent": { load: () => import("./Host") },
  "perf.processes": { load: () => import("./Processes") },
};

interface Silences {
  longer_seconds: number;
  silences: { from: string; to: string; seconds: number }[];
}

const DAYS = 30;

export const timelines: Timeline[] = [
  {
    page: "perf.agent",
    title: "perf:silences",
    topics: [], // a silence shows when it ends, and that is seldom: with the next look at the page
    load: async (pcId, _, signal, words) => {
      const from = new Date(Date.now() - DAYS * 86_400_000).toISOString();
      const query = { from, longer: "10m", limit: 1_000 };
      const answer = await api.get<Silences>(path`/api/agents/${pcId}/silences`, { query, signal });
      const items = answer.silences.map((one) => ({
        id: one.to,
        at: one.from,
        tone: "off" as const,
        title: words("perf:silent", { span: span(one.seconds * 1_000) }),
      }));
      return { items, next: null };
    },
  },
];
