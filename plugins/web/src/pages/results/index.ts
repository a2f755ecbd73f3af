import { api } from "../../lib/api";
import type { Entries } from "../registry";
import type { Timeline } from "../timeline";
import { exactly, type ResultRow, toneOf } from "./results";

export const entries: Entries = {
  "results.card": { load: () => import("./Card") },
  "results.agent": { load: () => import("./AgentResults") },
};

const PAGE = 50;
const MOST = 10_000;

export const timelines: Timeline[] = [
  {
    page: "results.agent",
    title: "results:timeline",
    topics: ["results"],
    load: async (pcId, next, signal, words) => {
      // There is no cursor: a further page is a longer answer, of which only the end is new.
      const from = Number(next ?? 0);
      const limit = Math.min(MOST, from + PAGE);
      const rows = await api.get<ResultRow[]>("/api/results", {
        query: { pc_id: exactly(pcId), limit },
        signal,
      });
      const items = rows.slice(from).map((one) => ({
        id: one.result_id,
        at: one.finished_at ?? one.started_at ?? "",
        tone: toneOf(one),
        title:
          one.exit_code === null
            ? words("results:runningOf", { job: one.job_id ?? "—" })
            : words("results:exitOf", { job: one.job_id ?? "—", code: one.exit_code }),
        detail: (one.stdout || one.stderr).slice(0, 300),
        to: `/activity/${encodeURIComponent(one.result_id)}`,
      }));
      return { items, next: rows.length === limit && limit < MOST ? String(limit) : null };
    },
  },
];
