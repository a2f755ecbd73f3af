/** One run: how many targets stand how, which ones, and what they said; killing it and running it again. */

import { Badge } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { Confirm } from "../../design/Confirm";
import { Id } from "../../design/Id";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Segments } from "../../design/Segments";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { ApiError, api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { useHasPage } from "../../lib/plugins";
import { choice, useUrlState } from "../../lib/urlState";
import { List } from "../../list/List";
import { listUrl } from "../../list/state";
import type { BulkAction, Filter } from "../../list/types";
import { targetUrl } from "../../pick/target";
import { Batches } from "./Batches";
import { useStateField, useTargetColumns } from "./columns";
import { RunMark, StateBar, StateMark } from "./marks";
import { Outputs } from "./Outputs";
import styles from "./results.module.css";
import { type Execution, isOpen, STATES, targetSource } from "./runs";
import { Unrecorded } from "./Unrecorded";

interface Detail {
  execution: Execution;
  reruns: string[];
}

const shape = { view: choice(["targets", "outputs"] as const, "targets") };

export default function ExecutionPage() {
  const { execId = "" } = useParams();
  const answer = useApi<Detail>(path`/api/executions/${execId}`, {
    query: { targets_limit: 1 },
    topics: ["executions", "results"],
  });
  const missing = answer.error instanceof ApiError && answer.error.status === 404;
  if (missing && answer.data === undefined) return <Unrecorded execId={execId} />;
  return <Loaded of={answer}>{(detail) => <Run detail={detail} />}</Loaded>;
}

function Run({ detail }: { detail: Detail }) {
  const { t } = useTranslation("results");
  const run = detail.execution;
  const [{ view }, set] = useUrlState(shape);
  const fires = useHasPage()("jobs.run"); // who kills, stops and repeats
  return (
    <>
      <PageHead
        tab={visible(run.job_id)}
        title={
          <>
            {visible(run.job_id)} <span className="soft mono">{visible(run.version)}</span>
          </>
        }
        about={<About run={run} reruns={detail.reruns} />}
        actions={fires && <Actions run={run} />}
      />
      {run.states && <States run={run} />}
      <Batches run={run} stoppable={fires} />
      <div className={styles.views}>
        <Segments
          label={t("execution.view")}
          value={view}
          onChange={(next) => set({ view: next as "targets" | "outputs" }, { push: true })}
          data={[
            { value: "targets", label: t("column.targets") },
            { value: "outputs", label: t("execution.outputs") },
          ]}
        />
      </div>
      {view === "targets" &&
        (run.expected === null ? <Unknown run={run} /> : <Targets run={run} fires={fires} />)}
      {view === "outputs" && <Outputs execId={run.exec_id} />}
    </>
  );
}

function About({ run, reruns }: { run: Execution; reruns: string[] }) {
  const { t } = useTranslation("results");
  return (
    <span className={styles.facts}>
      <RunMark run={run} />
      <span>
        {t(`by.${run.initiated_by}`, { defaultValue: visible(run.initiated_by) })} ·{" "}
        <Age at={run.initiated_at} />
      </span>
      <Id value={run.exec_id} most={14} />
      {run.rerun_of && <PageLink to={path`/executions/${run.rerun_of}`}>{t("execution.rerunOf")}</PageLink>}
      {reruns.map((id, place) => (
        <PageLink key={id} to={path`/executions/${id}`}>
          {t("execution.rerunNumber", { number: place + 1 })}
        </PageLink>
      ))}
    </span>
  );
}

function States({ run }: { run: Execution }) {
  const { t, i18n } = useTranslation("results");
  const states = run.states;
  if (!states) return null;
  const here = path`/executions/${run.exec_id}`;
  const link = (state: string) => listUrl(here, { filters: [{ field: "state", op: "eq", value: state }] });
  return (
    <section aria-label={t("execution.progress")}>
      <StateBar states={states} />
      <ul className={styles.states}>
        <li>
          <PageLink to={here}>
            {t("execution.all")} <strong>{count(run.expected ?? run.target_count, i18n.language)}</strong>
          </PageLink>
        </li>
        {STATES.filter((state) => states[state] > 0).map((state) => (
          <li key={state}>
            <PageLink to={link(state)}>
              <StateMark state={state} /> <strong>{count(states[state], i18n.language)}</strong>
            </PageLink>
          </li>
        ))}
      </ul>
    </section>
  );
}

type On = "failed" | "timed_out" | "not_started";

interface Wanted {
  on: On[];
  pcs: string[];
  count?: number;
}

function useRerun(run: Execution, after: () => void) {
  const { t } = useTranslation("results");
  const navigate = useNavigate();
  return useAction({
    run: ({ on, pcs }: Wanted) =>
      api.post<{ exec_id: string }>(path`/api/executions/${run.exec_id}/rerun`, { json: { on, pcs } }),
    done: t("execution.rerunDone"),
    after: (made) => {
      after();
      void navigate(path`/executions/${made.exec_id}`);
    },
  });
}

function Actions({ run }: { run: Execution }) {
  const { t, i18n } = useTranslation("results");
  const [asked, ask] = useState<"kill" | On | null>(null);
  const close = () => ask(null);
  const kill = useAction({
    run: () => api.post(path`/api/executions/${run.exec_id}/kill`),
    done: t("execution.killed"),
    touches: ["executions"],
    after: close,
  });
  const rerun = useRerun(run, close);
  const { states } = run;
  const numbers: Record<On, number> = {
    failed: states?.failed ?? run.failure_count,
    timed_out: states?.timed_out ?? 0,
    not_started: states ? states.expired + states.superseded : 0,
  };
  const which = (Object.keys(numbers) as On[]).filter((on) => numbers[on] > 0);
  const open = isOpen(run);
  const again = asked !== null && asked !== "kill" ? asked : null;
  return (
    <>
      {open && (
        <ActionButton
          needs="operator"
          danger
          leftSection={<IconPlayerStop size={14} />}
          onClick={() => ask("kill")}
        >
          {t("execution.kill")}
        </ActionButton>
      )}
      {which.map((on) => (
        <ActionButton
          key={on}
          needs="operator"
          blocked={open ? t("execution.notEnded") : undefined}
          leftSection={<IconPlayerPlay size={14} />}
          onClick={() => ask(on)}
        >
          {t(`execution.rerun.${on}`, { shown: count(numbers[on], i18n.language) })}
        </ActionButton>
      ))}
      <Confirm
        opened={asked === "kill"}
        onClose={close}
        onConfirm={() => kill.mutate()}
        busy={kill.isPending}
        danger
        title={t("execution.killTitle", { job: visible(run.job_id) })}
        action={t("execution.kill")}
        count={states ? states.waiting + states.running : undefined}
      >
        {t("execution.killText", { count: states ? states.waiting + states.running : run.target_count })}
      </Confirm>
      <Confirm
        opened={again !== null}
        onClose={close}
        onConfirm={() => again && rerun.mutate({ on: [again], pcs: [] })}
        busy={rerun.isPending}
        title={t("execution.rerunTitle", { job: visible(run.job_id) })}
        action={t("execution.rerunAction")}
        count={again ? numbers[again] : undefined}
      >
        {again && t("execution.rerunText", { count: numbers[again] })}
      </Confirm>
    </>
  );
}

function Targets({ run, fires }: { run: Execution; fires: boolean }) {
  const { t } = useTranslation("results");
  const source = useMemo(() => targetSource(run.exec_id), [run.exec_id]);
  const navigate = useNavigate();
  const agents = useHasPage()("heartbeat.agent");
  const state = useStateField();
  const fields = useMemo(
    () => [
      state,
      {
        id: "output",
        title: t("column.output"),
        kind: "text",
        ops: ["eq"],
        hidden: true,
        show: (value: string) => value.slice(0, 8),
      } as const,
      { id: "batch", title: t("batches.one"), kind: "number", ops: ["eq"], hidden: true } as const,
    ],
    [state, t],
  );
  const [wanted, want] = useState<Wanted | null>(null);
  const rerun = useRerun(run, () => want(null));
  const open = isOpen(run);
  const actions = useMemo<BulkAction<{ pc_id: string; result_id: string | null }>[]>(
    () => [
      {
        id: "rerun",
        title: t("execution.rerunSelected"),
        icon: IconPlayerPlay,
        role: "operator",
        run: async (selected) => {
          const pcs = await selected.ids();
          // An execution that goes on cannot be repeated: the same PCs are picked for a new run instead.
          if (open) void navigate(targetUrl(path`/run?job=${run.job_id}`, { kind: "names", names: pcs }));
          else want({ on: [], pcs, count: pcs.length });
        },
      },
    ],
    [t, open, navigate, run.job_id],
  );
  return (
    <>
      <List
        id="targets"
        views={false}
        label={t("column.targets")}
        unit={(count) => t("unit.target", { count })}
        search={t("activity.searchPc")}
        columns={useTargetColumns()}
        fields={fields}
        source={source}
        actions={fires ? actions : undefined}
        onOpen={(row) => {
          if (row.result_id) void navigate(path`/activity/${row.result_id}`);
          else if (agents) void navigate(path`/agents/${row.pc_id}`);
        }}
        tone={(row) => (row.state === "failed" || row.state === "timed_out" ? "bad" : undefined)}
        empty={{ title: t("execution.noTargets"), text: t("execution.noTargetsText") }}
      />
      <Confirm
        opened={wanted !== null}
        onClose={() => want(null)}
        onConfirm={() => wanted && rerun.mutate(wanted)}
        busy={rerun.isPending}
        title={t("execution.rerunTitle", { job: visible(run.job_id) })}
        action={t("execution.rerunAction")}
        count={wanted?.count}
      >
        {wanted && (
          <>
            <p>{t("execution.rerunText", { count: wanted.count })}</p>
            <Badge size="xs">
              {wanted.pcs.slice(0, 5).map(visible).join(", ")}
              {wanted.pcs.length > 5 ? " …" : ""}
            </Badge>
          </>
        )}
      </Confirm>
    </>
  );
}

/** Fired by another program, whose targets nobody here has counted. */
function Unknown({ run }: { run: Execution }) {
  const { t } = useTranslation("results");
  const query = listUrl("", { filters: [execFilter(run.exec_id)] }).slice(1);
  return (
    <p className="soft">
      {t("execution.unknownTargets")}{" "}
      <PageLink to={`/activity?view=results&${query}`}>{t("execution.itsResults")}</PageLink>
    </p>
  );
}

function execFilter(id: string): Filter {
  return { field: "exec_id", op: "contains", value: id };
}
