/** The performance of the fleet: over time, who is busiest, and who is looked into. */
import { Anchor, SegmentedControl, Select, Table } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import charts from "../../charts/charts.module.css";
import { RangePicker } from "../../charts/RangePicker";
import { aligned, type RangeState, stepFor, useRange } from "../../charts/range";
import { TimeChart } from "../../charts/TimeChart";
import { Age } from "../../design/Age";
import { PageHead, Section } from "../../design/PageHead";
import { Empty, Failure, Loaded, SkeletonRows } from "../../design/States";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { choice, useUrlState } from "../../lib/urlState";
import { METRICS, type Metric, shown } from "./metrics";
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
      <div className={charts.grid}>
        {METRICS.map((metric) => (
          <FleetChart key={metric} metric={metric} agg={agg} state={state} />
        ))}
      </div>
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

function FleetChart({ metric, agg, state }: { metric: Metric; agg: string; state: RangeState }) {
  const { t } = useTranslation("perf");
  const step = stepFor(state.range, 150, 60);
  const { from, to } = aligned(state.range, step);
  // Not after each sample, of which a fleet sends hundreds a second: the range moves on by itself.
  const { data, error, refetch } = useApi<FleetSeries>("/api/perf/fleet", {
    query: { metric, agg, from, to, step: step.text },
    keep: true,
  });
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
  rows: { pc_id: string; hostname: string | null; value: number }[];
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
          <Table aria-label={t("busiest")} className={styles.table}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("pc")}</Table.Th>
                <Table.Th>{t("hostname")}</Table.Th>
                <Table.Th ta="right">{t(`metric.${metric}`)}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((one) => (
                <Table.Tr key={one.pc_id}>
                  <Table.Td>
                    <Anchor component={Link} size="sm" to={`${path`/agents/${one.pc_id}`}?panel=perf.agent`}>
                      {visible(one.pc_id)}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>{visible(one.hostname ?? "—")}</Table.Td>
                  <Table.Td ta="right">{shown(metric, one.value)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )
      }
    </Loaded>
  );
}

interface InvestigationRows {
  rows: { pc_id: string; hostname: string | null; latest_at: string | null }[];
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
          <Table aria-label={t("investigations")} className={styles.table}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("pc")}</Table.Th>
                <Table.Th>{t("hostname")}</Table.Th>
                <Table.Th ta="right">{t("latest")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((one) => (
                <Table.Tr key={one.pc_id}>
                  <Table.Td>
                    <Anchor
                      component={Link}
                      size="sm"
                      to={`${path`/agents/${one.pc_id}`}?panel=perf.processes`}
                    >
                      {visible(one.pc_id)}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>{visible(one.hostname ?? "—")}</Table.Td>
                  <Table.Td ta="right">
                    <Age at={one.latest_at} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )
      }
    </Loaded>
  );
}
