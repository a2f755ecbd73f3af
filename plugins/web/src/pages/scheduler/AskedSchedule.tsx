/** What can be done with a schedule, asked first. */
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Asked } from "../../design/Asked";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { isDangerous, type Schedule, TOPICS } from "./schedules";

export type Doing = "run" | "enable" | "disable" | "cascade" | "delete";

interface AskedScheduleProps {
  asked: { schedule: Schedule; what: Doing } | null;
  onClose: () => void;
  onDone?: (what: Doing) => void;
}

interface Answer {
  exec_id?: string;
  /** Nothing was fired: it waits for somebody else. */
  approval?: "pending";
}

function perform(id: string, what: Doing): Promise<Answer | undefined> {
  const to = path`/api/schedules/${id}`;
  if (what === "delete") return api.delete(to);
  if (what === "disable" || what === "cascade")
    return api.post(`${to}/disable`, { query: { cascade: what === "cascade" } });
  return api.post(`${to}/${what}`);
}

export function AskedSchedule({ asked, onClose, onDone }: AskedScheduleProps) {
  const { t } = useTranslation("scheduler");
  const navigate = useNavigate();
  return (
    <Asked
      asked={asked}
      question={({ schedule, what }) => ({
        danger: isDangerous(what),
        title: t(`ask.${what}`, { id: visible(schedule.id) }),
        action: t(`do.${what}`),
        children: t(`askText.${what}`, { job: visible(schedule.job_id) }),
      })}
      run={({ schedule, what }) => perform(schedule.id, what)}
      done={({ what }, answer) => t(answer?.approval ? "done.waits" : `done.${what}`)}
      touches={TOPICS}
      onClose={onClose}
      onDone={({ what }, answer) => {
        if (answer?.approval) void navigate("/approvals");
        else if (what === "run" && answer?.exec_id) void navigate(path`/executions/${answer.exec_id}`);
        else onDone?.(what);
      }}
    />
  );
}
