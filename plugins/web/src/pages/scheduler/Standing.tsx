/** Whether a schedule is on, off, or has a problem. */
import { useTranslation } from "react-i18next";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import type { Schedule, ScheduleState } from "./schedules";

export function Standing({ schedule, state }: { schedule: Schedule; state?: ScheduleState }) {
  const { t } = useTranslation("scheduler");
  if (state?.problem)
    return (
      <Status tone="bad" title={visible(state.problem)}>
        {t("state.problem")}
      </Status>
    );
  const off = schedule.enabled === false;
  return <Status tone={off ? "off" : "ok"}>{t(off ? "state.off" : "state.on")}</Status>;
}
