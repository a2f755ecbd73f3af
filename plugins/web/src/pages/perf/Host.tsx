/** The performance of one host over time. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import charts from "../../charts/charts.module.css";
import { RangePicker } from "../../charts/RangePicker";
import { aligned, stepFor, useRange } from "../../charts/range";
import { type Series, TimeChart } from "../../charts/TimeChart";
import { bytes, percent } from "../../design/numbers";
import { Empty, Loaded } from "../../design/States";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import type { PanelProps } from "../registry";
import { rate } from "./metrics";
import styles from "./perf.module.css";

interface Point {
  at: string;
  cpu_pct: number | null;
  mem_used_bytes: number | null;
  mem_total_bytes: number | null;
  disk_read_bytes_per_sec: number | null;
  disk_written_bytes_per_sec: number | null;
  net_rx_bytes_per_sec: number | null;
  net_tx_bytes_per_sec: number | null;
}

interface HostSeries {
  step_seconds: number;
  points: Point[];
}

type Metric = Exclude<keyof Point, "at">;

export default function Host({ pcId }: PanelProps) {
  const { t } = useTranslation("perf");
  const state = useRange("1h");
  const step = stepFor(state.range, 400, 60);
  const { from, to } = aligned(state.range, step);
  const answer = useApi<HostSeries>(path`/api/agents/${pcId}/perf`, {
    query: { from, to, step: step.text },
    topics: state.range.preset ? ["perf"] : [],
    keep: true,
  });
  return (
    <>
      <div className={styles.bar}>
        <RangePicker state={state} />
        <span className="soft">{t("zoomHint")}</span>
      </div>
      <Loaded of={answer}>
        {(data) =>
          data.points.length === 0 ? (
            <Empty title={t("noSamples")}>{t("noSamplesHost")}</Empty>
          ) : (
            <Charts data={data} from={new Date(from)} to={new Date(to)} onZoom={state.between} />
          )
        }
      </Loaded>
    </>
  );
}

interface ChartsProps {
  data: HostSeries;
  from: Date;
  to: Date;
  onZoom: (from: Date, to: Date) => void;
}

function Charts({ data, from, to, onZoom }: ChartsProps) {
  const { t } = useTranslation("perf");
  const times = useMemo(() => data.points.map((one) => Date.parse(one.at) / 1_000), [data]);
  const lines = useMemo(() => {
    const values = (metric: Metric) => data.points.map((one) => one[metric]);
    const line = (label: string, metric: Metric): Series => ({ label, values: values(metric) });
    return {
      cpu: [line(t("metric.cpu_pct"), "cpu_pct")],
      memory: [line(t("used"), "mem_used_bytes"), line(t("total"), "mem_total_bytes")],
      disk: [line(t("read"), "disk_read_bytes_per_sec"), line(t("written"), "disk_written_bytes_per_sec")],
      network: [line(t("received"), "net_rx_bytes_per_sec"), line(t("sent"), "net_tx_bytes_per_sec")],
    };
  }, [data, t]);
  const common = { times, from, to, step: data.step_seconds, onZoom, sync: "host" };
  return (
    <div className={charts.grid}>
      <TimeChart
        {...common}
        label={t("metric.cpu_pct")}
        series={lines.cpu}
        most={100}
        format={(value) => percent(value)}
      />
      <TimeChart {...common} binary label={t("memory")} series={lines.memory} format={bytes} />
      <TimeChart {...common} binary label={t("disk")} series={lines.disk} format={rate} />
      <TimeChart {...common} binary label={t("network")} series={lines.network} format={rate} />
    </div>
  );
}
