import {
  IconBriefcase,
  IconHandStop,
  IconPlayerPlay,
  IconSnowflake,
  IconUserCheck,
} from "@tabler/icons-react";
import { api, path } from "../../lib/api";
import type { Finder } from "../findable";
import type { Entries } from "../registry";
import type { Job } from "./jobs";

export const entries: Entries = {
  "jobs.run": { load: () => import("./Run"), icon: IconPlayerPlay },
  "jobs.catalog": { load: () => import("./Catalog"), icon: IconBriefcase },
  "jobs.job": { load: () => import("./JobPage") },
  "jobs.emergency": { load: () => import("./Emergency"), icon: IconHandStop },
  "jobs.approvals": { load: () => import("./Approvals"), icon: IconUserCheck },
  "jobs.freezes": { load: () => import("./Freezes"), icon: IconSnowflake },
};

export const finders: Finder[] = [
  {
    page: "jobs.job",
    title: "jobs:find",
    search: async (asked, signal) => {
      const jobs = await api.get<Job[]>("/api/jobs", { signal });
      const wanted = asked.toLowerCase();
      return jobs
        .filter((job) => `${job.id} ${job.description ?? ""}`.toLowerCase().includes(wanted))
        .slice(0, 10)
        .map((job) => ({ label: job.id, about: job.description ?? undefined, to: path`/jobs/${job.id}` }));
    },
  },
];
