import { IconActivity, IconHourglass } from "@tabler/icons-react";
import { api, path } from "../../lib/api";
import type { Finder } from "../findable";
import type { Entries } from "../registry";
import type { Timeline } from "../timeline";
import { type Execution, type ResultRow, resultTone } from "./runs";

export const entries: Entries = {
  "results.card": { load: () => import("./Card") },
  "results.activity": { load: () => import("./Activity"), icon: IconActivity },
  "results.durations": { load: () => import("./Durations"), icon: IconHourglass },
  "results.execution": { load: () => import("./Execution") },
  "results.result": { load: () => import("./Result") },
  "results.agent": { load: () => import("./Panel") },
};

export const finders: Finder[] = [
  {
    page: "results.execution",
    title: "results:find",
    search: async (asked, signal) => {
      const query = { q: asked, limit: 10 };
      const found = await api.get<{ items: Execution[] }>("/api/activity/executions", { query, signal });
      return found.items.map((run) => ({
        label: run.job_id,
        about: run.initiated_at ?? undefined,
        to: path`/executions/${run.exec_id}`,
      }));
    },
  },
];

const PAGE = 50;

interface Page {
  items: ResultRow[];
  after: string | null;
}

export const timelines: Timeline[] = [
  {
    page: "results.agent",
    title: "results:timeline",
    topics: ["results"],
    load: async (pcId, next, signal, words) => {
      const query = { pc: pcId, limit: PAGE, after: next };
      const page = await api.get<Page>("/api/activity/results", { query, signal });
      return {
        items: page.items.flatMap((row) =>
          row.started_at
            ? [
                {
                  id: row.result_id,
                  at: row.finished_at ?? row.started_at,
                  tone: resultTone(row),
                  title: row.job_id ?? words("results:result.title"),
                  detail:
                    row.finished_at === null
                      ? words("results:exit.running")
                      : words("results:exit.code", { code: row.exit_code ?? 0 }),
                  to: path`/activity/${row.result_id}`,
                },
              ]
            : [],
        ),
        next: page.after,
      };
    },
  },
];
