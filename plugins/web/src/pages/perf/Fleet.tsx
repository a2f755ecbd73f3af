/** The performance of the fleet: over time, who is busiest, and who is looked into. */
import { SegmentedControl, Select } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import charts from "../../charts/charts.module.css";
import { RangePicker } from "../../charts/RangePicker";
import { aligned, type RangeState, stepFor, useRange } from "../../charts/range";
import { TimeChart } from "../../charts/TimeChart";
import { Age } from "../../design/Age";
import { PageHead, Section } from "../../design/PageHead";
import { Empty, Failure, Loaded, SkeletonRows } from "../../design/States";
import { useApi } from "../../lib/data";
import { choice, useUrlState } from "../../lib/urlState";
import { NoAgents, useNoAgents } from "../../pick/NoAgents";
import { METRICS, type Metric, shown } from "./metrics";
import { type PcRow, PcTable } from "./PcTable";
import styles from "./perf.module.css";

const WINDOWS = ["5m", "15m", "1h", "6h"] as const;
const shape = {
  agg: choice(["avg", "max"], "avg"),
  top: choice(METRICS, "cpu_pct"),
  window: choice(WINDOWS, "5m"),
};

export default function Fleet() {
  const { t } = useTranslation("perf");
  const state = useRange("24h");
  const [{ agg, top, window }, set] = useUrlState(shape);
  const nobody = useNoAgents();
  if (nobody) {
    return (
      <>
        <PageHead title={t("title")} about={t("about")} />
        <NoAgents />
      </>
    );
  }
  return (
    <>
      <PageHead
        title={t("title")}
        about={t("about")}
        actions={
          <>
            <SegmentedControl
              size="xs"
              aria-label={t("aggregate")}
              value={agg}
              onChange={(value) => set({ agg: value as "avg" | "max" })}
              data={[
                { value: "avg", label: t("avg") },
                { value: "max", label: t("max") },
              ]}
            />
            <RangePicker state={state} />
          </>
        }
      />
      <Charts agg={agg} state={state} />
      <div className={styles.below}>
        <Section
          title={t("busiest")}
          actions={
            <span className={styles.choose}>
              <Select
                aria-label={t("metricLabel")}
                w={190}
                value={top}
                onChange={(value) => set({ top: value as Metric })}
                data={METRICS.map((one) => ({ value: one, label: t(`metric.${one}`) }))}
              />
              <Select
                aria-label={t("windowLabel")}
                w={110}
                value={window}
                onChange={(value) => set({ window: value as (typeof WINDOWS)[number] })}
                data={WINDOWS.map((one) => ({ value: one, label: t(`window.${one}`) }))}
              />
            </span>
          }
        >
          <Busiest metric={top} window={window} />
        </Section>
        <Section title={t("investigations")}>
          <Investigations />
        </Section>
      </div>
    </>
  );
}

interface FleetSeries {
  step_seconds: number;
  points: { at: string; value: number | null }[];
}

function useSeries(metric: Metric, agg: string, state: RangeState) {
  const step = stepFor(state.range, 150, 60);
  const { from, to } = aligned(state.range, step);
  // Not after each sample, of which a fleet sends hundreds a second: the range moves on by itself.
  const answer = useApi<FleetSeries>("/api/perf/fleet", {
    query: { metric, agg, from, to, step: step.text },
    keep: true,
  });
  return { ...answer, from, to };
}

/** All of them, or in one word that there is nothing to draw: who sends samples sends all metrics. */
function Charts({ agg, state }: { agg: string; state: RangeState }) {
  const { t } = useTranslation("perf");
  const { data } = useSeries("cpu_pct", agg, state);
  if (data?.points.every((one) => one.value === null))
    return <Empty title={t("noSamples")}>{t("noSamplesFleet")}</Empty>;
  return (
    <div className={charts.grid}>
      {METRICS.map((metric) => (
        <FleetChart key={metric} metric={metric} agg={agg} state={state} />
      ))}
    </div>
  );
}

function FleetChart({ metric, agg, state }: { metric: Metric; agg: string; state: RangeState }) {
  const { t } = useTranslation("perf");
  const { data, error, refetch, from, to } = useSeries(metric, agg, state);
  const times = useMemo(() => data?.points.map((one) => Date.parse(one.at) / 1_000) ?? [], [data]);
  const label = t(`metric.${metric}`);
  const series = useMemo(
    () => [{ label, values: data?.points.map((one) => one.value) ?? [] }],
    [data, label],
  );
  if (!data)
    return error ? <Failure inline error={error} retry={() => void refetch()} /> : <SkeletonRows rows={6} />;
  return (
    <TimeChart
      label={label}
      times={times}
      series={series}
      from={new Date(from)}
      to={new Date(to)}
      step={data.step_seconds}
      most={metric === "cpu_pct" ? 100 : undefined}
      binary={metric !== "cpu_pct"}
      format={(value) => shown(metric, value)}
      onZoom={state.between}
      sync="fleet"
    />
  );
}

interface TopRows {
  rows: (PcRow & { value: number })[];
}

function Busiest({ metric, window }: { metric: Metric; window: string }) {
  const { t } = useTranslation("perf");
  const answer = useApi<TopRows>("/api/perf/top", {
    query: { metric, window, limit: 20 },
    keep: true,
    everySeconds: 10,
  });
  return (
    <Loaded of={answer}>
      {({ rows }) =>
        rows.length === 0 ? (
          <Empty title={t("noSamples")}>{t("noSamplesText")}</Empty>
        ) : (
          <PcTable
            label={t("busiest")}
            panel="perf.agent"
            rows={rows}
            title={t(`metric.${metric}`)}
            last={(row) => shown(metric, row.value)}
          />
        )
      }
    </Loaded>
  );
}

interface InvestigationRows {
  rows: (PcRow & { latest_at: string | null })[];
}

function Investigations() {
  const { t } = useTranslation("perf");
  const answer = useApi<InvestigationRows>("/api/perf/active-investigations", {
    topics: ["processes"],
    everySeconds: 30,
  });
  return (
    <Loaded of={answer}>
      {({ rows }) =>
        rows.length === 0 ? (
          <Empty title={t("noInvestigations")}>{t("noInvestigationsText")}</Empty>
        ) : (
          <PcTable
            label={t("investigations")}
            panel="perf.processes"
            rows={rows}
            title={t("latest")}
            last={(row) => <Age at={row.latest_at} />}
          />
        )
      }
    </Loaded>
  );
}
