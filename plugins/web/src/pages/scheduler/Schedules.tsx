/** All schedules: when they tick next, what the last tick decided, pausing and running them. */

import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ActionButton, useRefusal } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { FilterLine } from "../../design/FilterText";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Segments } from "../../design/Segments";
import { SheetLink } from "../../design/SheetLink";
import { Empty, Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { choice, text, useUrlState } from "../../lib/urlState";
import { AskedSchedule, type Doing } from "./AskedSchedule";
import { ScheduleSheet } from "./ScheduleSheet";
import { Standing } from "./Standing";
import {
  decisionTone,
  doings,
  isDangerous,
  type Schedule,
  type ScheduleState,
  TOPICS,
  targetOf,
} from "./schedules";
import { Ticks } from "./Ticks";

const shape = { q: text(), open: text(), view: choice(["list", "ticks", "missed"] as const, "list") };

export default function Schedules() {
  const { t } = useTranslation("scheduler");
  const navigate = useNavigate();
  const [{ q, view, open }, set] = useUrlState(shape);
  return (
    <>
      <PageHead
        title={t("title")}
        about={t("about")}
        actions={
          <>
            <Segments
              label={t("view.label")}
              value={view}
              onChange={(next) => set({ view: next as typeof view }, { push: true })}
              data={(["list", "ticks", "missed"] as const).map((value) => ({
                value,
                label: t(`view.${value}`),
              }))}
            />
            <ActionButton
              needs="operator"
              variant="filled"
              leftSection={<IconPlus size={14} />}
              onClick={() => void navigate("/schedules/+")}
            >
              {t("new")}
            </ActionButton>
          </>
        }
      />
      {view === "list" && (
        <Listed
          q={q}
          onSearch={(next) => set({ q: next })}
          open={open}
          onOpen={(id) => set({ open: id }, { push: true })}
        />
      )}
      {view === "ticks" && <Ticks from="/api/schedule-ticks" named />}
      {view === "missed" && <Ticks from="/api/schedule-ticks" decision="missed" named />}
    </>
  );
}

interface ListedProps {
  q: string;
  onSearch: (q: string) => void;
  /** The schedule whose sheet is open; empty: none. */
  open: string;
  onOpen: (id: string) => void;
}

function Listed({ q, onSearch, open, onOpen }: ListedProps) {
  const { t, i18n } = useTranslation("scheduler");
  const [asked, ask] = useState<{ schedule: Schedule; what: Doing } | null>(null);
  const schedules = useApi<Schedule[]>("/api/schedules", { topics: TOPICS });
  const states = useApi<ScheduleState[]>("/api/schedule-states", { topics: TOPICS });
  const known = new Map(states.data?.map((one) => [one.schedule_id, one]));
  const wanted = q.toLowerCase();
  return (
    <Loaded of={schedules}>
      {(all) => {
        const rows = all.filter((one) => `${one.id} ${one.job_id}`.toLowerCase().includes(wanted));
        const opened = all.find((one) => one.id === open);
        return (
          <>
            {all.length > 0 && (
              <FilterLine
                label={t("search")}
                value={q}
                onChange={onSearch}
                total={t("total", { count: rows.length, shown: count(rows.length, i18n.language) })}
              />
            )}
            <Rows rows={rows} states={known} none={all.length === 0} onAsk={ask} />
            <ScheduleSheet
              schedule={opened}
              state={known.get(open)}
              onAsk={(what) => opened && ask({ schedule: opened, what })}
              onClose={() => onOpen("")}
            />
            <AskedSchedule
              asked={asked}
              onClose={() => ask(null)}
              onDone={(what) => what === "delete" && open !== "" && onOpen("")}
            />
          </>
        );
      }}
    </Loaded>
  );
}

interface RowsProps {
  rows: Schedule[];
  states: Map<string, ScheduleState>;
  none: boolean;
  onAsk: (asked: { schedule: Schedule; what: Doing }) => void;
}

function Rows({ rows, states, none, onAsk }: RowsProps) {
  const { t } = useTranslation("scheduler");
  const columns: Column<Schedule>[] = [
    {
      key: "id",
      title: t("column.schedule"),
      cell: (row) => (
        <>
          <SheetLink id={row.id}>{visible(row.id)}</SheetLink>
          <div className="soft">{visible(row.job_id)}</div>
        </>
      ),
    },
    {
      key: "cron",
      title: t("column.cron"),
      tight: true,
      cell: (row) => <span className="mono">{visible(row.cron)}</span>,
    },
    {
      key: "target",
      title: t("column.target"),
      cell: (row) => visible(targetOf(row, t("everybody"))) || "—",
    },
    {
      key: "state",
      title: t("column.state"),
      tight: true,
      cell: (row) => <Standing schedule={row} state={states.get(row.id)} />,
    },
    {
      key: "next",
      title: t("column.next"),
      tight: true,
      cell: (row) =>
        row.enabled === false ? (
          "—"
        ) : (
          <Age at={states.get(row.id)?.next_due} never={row.runs_on === "agent" ? t("onAgents") : "—"} />
        ),
    },
    {
      key: "last",
      title: t("column.last"),
      cell: (row) => <Last state={states.get(row.id)} />,
    },
    {
      key: "do",
      title: "",
      tight: true,
      cell: (row) => <Choices schedule={row} onAsk={(what) => onAsk({ schedule: row, what })} />,
    },
  ];
  return (
    <Table
      label={t("title")}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.id}
      empty={
        none ? <Empty title={t("emptyTitle")}>{t("emptyText")}</Empty> : <Empty title={t("noneTitle")} />
      }
    />
  );
}

function Last({ state }: { state: ScheduleState | undefined }) {
  const { t } = useTranslation("scheduler");
  if (!state?.last_decision) return <span className="soft">—</span>;
  const words = t(`decision.${state.last_decision}`, { defaultValue: state.last_decision });
  return (
    <>
      <Status tone={decisionTone(state.last_decision)} title={visible(state.last_reason ?? "")}>
        {words}
      </Status>{" "}
      <span className="soft">
        <Age at={state.last_due} />
      </span>
      {state.last_decision === "fired" && state.last_exec_id && (
        <>
          {" "}
          <PageLink to={path`/executions/${state.last_exec_id}`}>{t("run")}</PageLink>
        </>
      )}
    </>
  );
}

function Choices({ schedule, onAsk }: { schedule: Schedule; onAsk: (what: Doing) => void }) {
  const { t } = useTranslation("scheduler");
  const navigate = useNavigate();
  const refusal = useRefusal("operator");
  const refused = refusal !== undefined;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("actions", { id: schedule.id })}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {refusal && <Menu.Label>{refusal}</Menu.Label>}
        <Menu.Item onClick={() => void navigate(path`/schedules/${schedule.id}`)}>{t("open")}</Menu.Item>
        {doings(schedule).map((what) => (
          <Menu.Item
            key={what}
            disabled={refused}
            color={isDangerous(what) ? "var(--bad)" : undefined}
            onClick={() => onAsk(what)}
          >
            {t(`do.${what}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
