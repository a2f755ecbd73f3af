/** One schedule: when it ticks, what its ticks decided, and its source. "+" is a new one. */

import { Group } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { ActionButton } from "../../design/ActionButton";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Segments } from "../../design/Segments";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { DocumentEditor } from "../../editor/DocumentEditor";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { choice, useUrlState } from "../../lib/urlState";
import { AskedSchedule, type Doing } from "./AskedSchedule";
import { Coming } from "./Coming";
import { CronHelper } from "./CronHelper";
import { Standing } from "./Standing";
import { type Next, type Schedule, TEMPLATE, TOPICS } from "./schedules";
import { Ticks } from "./Ticks";

const shape = { view: choice(["ticks", "source"] as const, "ticks") };

export default function SchedulePage() {
  const { scheduleId = "+" } = useParams();
  return scheduleId === "+" ? <New /> : <One key={scheduleId} id={scheduleId} />;
}

function Source({ id }: { id: string | null }) {
  const { t } = useTranslation("scheduler");
  const navigate = useNavigate();
  return (
    <>
      <CronHelper />
      <DocumentEditor
        id={id}
        source={path`/api/schedules/${id ?? "+"}/yaml`}
        target="/api/schedules"
        schema="/api/schemas/schedule.json"
        template={TEMPLATE}
        label={t("source")}
        touches={TOPICS}
        onSaved={(saved) => void navigate(path`/schedules/${saved.id}`)}
      />
    </>
  );
}

function New() {
  const { t } = useTranslation("scheduler");
  return (
    <>
      <PageHead title={t("new")} about={t("newAbout")} />
      <Source id={null} />
    </>
  );
}

function One({ id }: { id: string }) {
  const { t } = useTranslation("scheduler");
  const navigate = useNavigate();
  const [{ view }, set] = useUrlState(shape);
  const all = useApi<Schedule[]>("/api/schedules", { topics: TOPICS });
  const next = useApi<Next>(path`/api/schedules/${id}/next`, { query: { count: 10 }, topics: TOPICS });
  const schedule = all.data?.find((one) => one.id === id);
  const [asked, ask] = useState<{ schedule: Schedule; what: Doing } | null>(null);
  const act = (what: Doing) => schedule && ask({ schedule, what });
  return (
    <>
      <PageHead
        title={visible(id)}
        about={
          schedule && (
            <span>
              <Standing schedule={schedule} /> ·{" "}
              <PageLink to={path`/jobs/${schedule.job_id}`}>{visible(schedule.job_id)}</PageLink>
            </span>
          )
        }
        actions={
          schedule && (
            <>
              <ActionButton
                needs="operator"
                leftSection={<IconPlayerPlay size={14} />}
                onClick={() => act("run")}
              >
                {t("do.run")}
              </ActionButton>
              <ActionButton
                needs="operator"
                onClick={() => act(schedule.enabled === false ? "enable" : "disable")}
              >
                {t(schedule.enabled === false ? "do.enable" : "do.disable")}
              </ActionButton>
              <ActionButton needs="operator" danger onClick={() => act("delete")}>
                {t("do.delete")}
              </ActionButton>
            </>
          )
        }
      />
      <Loaded of={next}>{(found) => <Coming next={found} />}</Loaded>
      <Group my="md">
        <Segments
          label={t("view.label")}
          value={view}
          onChange={(value) => set({ view: value as typeof view }, { push: true })}
          data={[
            { value: "ticks", label: t("view.ticks") },
            { value: "source", label: t("source") },
          ]}
        />
      </Group>
      {view === "ticks" ? <Ticks from={path`/api/schedules/${id}/ticks`} /> : <Source id={id} />}
      <AskedSchedule
        asked={asked}
        onClose={() => ask(null)}
        onDone={(what) => {
          if (what === "delete") void navigate("/schedules");
        }}
      />
    </>
  );
}
