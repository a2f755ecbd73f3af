/** The metrics that the fleet has, and how their values read. */
import { bytes, percent } from "../../design/numbers";

export const METRICS = [
  "cpu_pct",
  "mem_used_bytes",
  "disk_read_bytes_per_sec",
  "disk_written_bytes_per_sec",
  "net_rx_bytes_per_sec",
  "net_tx_bytes_per_sec",
] as const;
export type Metric = (typeof METRICS)[number];

export const PROCESS_METRICS = [
  "cpu_pct",
  "rss_bytes",
  "disk_read_bytes_per_sec",
  "disk_written_bytes_per_sec",
] as const;
export type ProcessMetric = (typeof PROCESS_METRICS)[number];

export function rate(value: number): string {
  return `${bytes(value)}/s`;
}

/** A value of a metric, as people read it. */
export function shown(metric: Metric | ProcessMetric, value: number): string {
  if (metric === "cpu_pct") return percent(value);
  return metric.endsWith("_per_sec") ? rate(value) : bytes(value);
}
