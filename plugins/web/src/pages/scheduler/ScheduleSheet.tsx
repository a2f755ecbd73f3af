/** One schedule beside the list: what it fires, when, with which settings, and what can be done with it. */

import { Button, Group, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { DoingButtons } from "../../design/DoingButtons";
import { Facts } from "../../design/Facts";
import { PageLink } from "../../design/PageLink";
import { Sheet } from "../../design/Sheet";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import type { Doing } from "./AskedSchedule";
import { Coming } from "./Coming";
import { Standing } from "./Standing";
import {
  doings,
  isDangerous,
  type Next,
  type Schedule,
  type ScheduleState,
  TOPICS,
  targetOf,
} from "./schedules";

const TICKS = 5;

interface ScheduleSheetProps {
  /** Undefined: none is open. */
  schedule: Schedule | undefined;
  state: ScheduleState | undefined;
  onAsk: (what: Doing) => void;
  onClose: () => void;
}

export function ScheduleSheet({ schedule, state, onAsk, onClose }: ScheduleSheetProps) {
  return (
    <Sheet opened={schedule !== undefined} onClose={onClose} title={visible(schedule?.id ?? "")}>
      {schedule && <Body schedule={schedule} state={state} onAsk={onAsk} />}
    </Sheet>
  );
}

type BodyProps = Omit<ScheduleSheetProps, "schedule" | "onClose"> & { schedule: Schedule };

function Body({ schedule, state, onAsk }: BodyProps) {
  const { t } = useTranslation("scheduler");
  const next = useApi<Next>(path`/api/schedules/${schedule.id}/next`, {
    query: { count: TICKS },
    topics: TOPICS,
  });
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Button component={Link} to={path`/schedules/${schedule.id}`}>
          {t("open")}
        </Button>
        <DoingButtons
          of={doings(schedule)}
          danger={isDangerous}
          label={(what) => t(`do.${what}`)}
          onAsk={onAsk}
        />
      </Group>
      <Facts
        of={[
          [t("column.state"), <Standing key="state" schedule={schedule} state={state} />],
          [
            t("sheet.job"),
            <PageLink key="job" to={path`/jobs/${schedule.job_id}`}>
              {visible(schedule.job_id)}
            </PageLink>,
          ],
          [t("column.target"), visible(targetOf(schedule, t("everybody")))],
          [t("sheet.waves"), schedule.rollout && String(schedule.rollout.waves.length)],
          [
            t("sheet.runsOn"),
            schedule.runs_on &&
              t(`sheet.on.${schedule.runs_on}`, { defaultValue: visible(schedule.runs_on) }),
          ],
          [
            t("sheet.mode"),
            schedule.mode && t(`sheet.modes.${schedule.mode}`, { defaultValue: visible(schedule.mode) }),
          ],
          [t("sheet.cooldown"), schedule.cooldown && visible(schedule.cooldown)],
          [t("sheet.deadline"), schedule.starting_deadline && visible(schedule.starting_deadline)],
          [t("sheet.jitter"), schedule.jitter && visible(schedule.jitter)],
          [t("sheet.autoOff"), schedule.auto_disable_when_done && t("sheet.yes")],
        ]}
      />
      <Loaded of={next}>{(found) => <Coming next={found} />}</Loaded>
    </Stack>
  );
}
