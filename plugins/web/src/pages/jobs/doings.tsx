/** What can be done with a job beside running and editing it, asked about first. */
import { useTranslation } from "react-i18next";
import { Asked } from "../../design/Asked";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import type { Job } from "./jobs";

export type Doing = "revoke" | "unrevoke" | "kill" | "delete";
export interface Wish {
  job: Job;
  what: Doing;
}

export const TOPICS = ["jobs", "kv:jobs", "executions", "kv:script_status"];

/** In the order of the menus. */
export function doings(job: Job, revoked: boolean): Doing[] {
  const live = job.live.running + job.live.pending > 0;
  return [revoked ? "unrevoke" : "revoke", ...(live ? (["kill"] as const) : []), "delete"];
}

function perform({ job, what }: Wish): Promise<unknown> {
  if (what === "delete") return api.delete(path`/api/jobs/${job.id}`);
  if (what === "kill") return api.post(path`/api/jobs/${job.id}/kill`);
  return api.post(`${path`/api/scripts/${job.id}`}/${what}`);
}

interface AskedJobProps {
  asked: Wish | null;
  onClose: () => void;
  onDone?: (what: Doing) => void;
}

export function AskedJob({ asked, onClose, onDone }: AskedJobProps) {
  const { t } = useTranslation("jobs");
  return (
    <Asked
      asked={asked}
      question={({ job, what }) => ({
        danger: what !== "unrevoke",
        title: t(`ask.${what}`, { id: visible(job.id) }),
        action: t(`do.${what}`),
        children: t(`askText.${what}`, { running: job.live.running, pending: job.live.pending }),
      })}
      run={perform}
      done={({ what }) => t(`done.${what}`)}
      touches={TOPICS}
      onClose={onClose}
      onDone={({ what }) => onDone?.(what)}
    />
  );
}
