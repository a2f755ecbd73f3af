/** What can be done with a schedule, asked first. */
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Confirm } from "../../design/Confirm";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction } from "../../lib/data";
import { isDangerous, type Schedule, TOPICS } from "./schedules";

export type Doing = "run" | "enable" | "disable" | "cascade" | "delete";

interface AskedProps {
  asked: { schedule: Schedule; what: Doing } | null;
  onClose: () => void;
  onDone?: (what: Doing) => void;
}

function perform(id: string, what: Doing): Promise<{ exec_id?: string } | undefined> {
  const to = path`/api/schedules/${id}`;
  if (what === "delete") return api.delete(to);
  if (what === "disable" || what === "cascade")
    return api.post(`${to}/disable`, { query: { cascade: what === "cascade" } });
  return api.post(`${to}/${what}`);
}

export function Asked({ asked, onClose, onDone }: AskedProps) {
  const { t } = useTranslation("scheduler");
  const navigate = useNavigate();
  const action = useAction({
    run: ({ schedule, what }: NonNullable<AskedProps["asked"]>) => perform(schedule.id, what),
    done: (_, { what }) => t(`done.${what}`),
    touches: TOPICS,
    after: (answer, { what }) => {
      onClose();
      if (what === "run" && answer?.exec_id) void navigate(path`/executions/${answer.exec_id}`);
      else onDone?.(what);
    },
  });
  if (!asked) return null;
  const { schedule, what } = asked;
  return (
    <Confirm
      opened
      onClose={onClose}
      onConfirm={() => action.mutate(asked)}
      busy={action.isPending}
      danger={isDangerous(what)}
      title={t(`ask.${what}`, { id: visible(schedule.id) })}
      action={t(`do.${what}`)}
    >
      {t(`askText.${what}`, { job: visible(schedule.job_id) })}
    </Confirm>
  );
}
