/** Lines or stacked areas over time: drag to zoom, the values under the pointer in the legend. */
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import { absolute } from "../design/Age";
import styles from "./charts.module.css";
import { colour } from "./colours";

export interface Series {
  label: string;
  /** One value for each time; null leaves a gap. */
  values: readonly (number | null)[];
  colour?: string;
}

export interface TimeChartProps {
  /** Seconds since 1970, ascending. */
  times: readonly number[];
  series: readonly Series[];
  from: Date;
  to: Date;
  /** Seconds between points: a longer pause is a gap in the line. */
  step: number;
  format: (value: number) => string;
  /** Values are bytes: the scale goes by powers of two. */
  binary?: boolean;
  /** The top of the scale where nothing is higher: 100 for per cent. */
  most?: number;
  stacked?: boolean;
  height?: number;
  onZoom?: (from: Date, to: Date) => void;
  /** What the chart shows, for those who do not see it. */
  label: string;
  /** Charts of one page share their pointer. */
  sync?: string;
}

/** Points at each step, null where the server has none, so that silences are gaps and not lines. */
function filled(
  times: readonly number[],
  series: readonly Series[],
  step: number,
): [number[], (number | null)[][]] {
  const at: number[] = [];
  const values: (number | null)[][] = series.map(() => []);
  times.forEach((time, place) => {
    const before = times[place - 1];
    if (before !== undefined && time - before > step * 1.5) {
      at.push(before + step);
      for (const list of values) list.push(null);
    }
    at.push(time);
    for (const [n, one] of series.entries()) values[n]?.push(one.values[place] ?? null);
  });
  return [at, values];
}

function stack(values: (number | null)[][]): (number | null)[][] {
  const sums: number[] = [];
  return values.map((list) =>
    list.map((value, place) => {
      if (value === null) return null;
      sums[place] = (sums[place] ?? 0) + value;
      return sums[place] ?? null;
    }),
  );
}

function followed(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

const BINARY = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** `14:30`, with the day where it begins, and the day alone where steps are days. */
function clock(at: number, step: number, first: boolean): string {
  const text = absolute(at * 1_000);
  const [day, time] = [text.slice(5, 10), text.slice(11, step < 60 ? 19 : 16)];
  if (step >= 86_400) return day;
  return first || time.startsWith("00:00") ? `${time}\n${day}` : time;
}

export function TimeChart(props: TimeChartProps) {
  const { times, series, step, height = 150, stacked = false, label, format, from, to, most, sync } = props;
  const { t } = useTranslation("charts");
  const { ref, width } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const [pointed, setPointed] = useState<number | null>(null);
  const newest = useRef(props);
  newest.current = props;
  const [at, raw] = useMemo(() => filled(times, series, step), [times, series, step]);
  const drawn = useMemo(() => (stacked ? stack(raw) : raw), [stacked, raw]);
  const last = useMemo(() => lastKnown(raw), [raw]);
  const empty = last === null;
  const shape = series.map((one) => one.label).join("\n");
  const start = from.getTime() / 1_000;
  const end = to.getTime() / 1_000;
  const bounds = useRef({ start, end });
  bounds.current = { start, end };

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew for another shape or theme, not for data
  useEffect(() => {
    const element = host.current;
    if (!element || width === 0) return;
    const style = getComputedStyle(element);
    const ink = style.getPropertyValue("--ink-soft");
    const line = style.getPropertyValue("--line");
    const axis = {
      stroke: ink,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1 },
      font: "11px system-ui",
    };
    const made = new uPlot(
      {
        width,
        height,
        padding: [8, 22, 0, 0],
        legend: { show: false },
        cursor: {
          drag: { x: true, y: false, setScale: false },
          points: { size: 6 },
          // The others follow the pointer; what is selected is the business of this one.
          sync: sync ? { key: sync, filters: { pub: followed, sub: () => true } } : undefined,
        },
        scales: {
          x: { time: true, range: () => [bounds.current.start, bounds.current.end] },
          y: { range: (_, __, high) => [0, Math.max(newest.current.most ?? 0, (high || 1) * 1.06)] },
        },
        axes: [
          { ...axis, values: (_, splits, __, ___, step) => splits.map((at, n) => clock(at, step, n === 0)) },
          {
            ...axis,
            size: 76,
            incrs: newest.current.binary ? BINARY : undefined,
            values: (_, splits) =>
              splits.map((value) => newest.current.format(value).replace(/\.0(?=\D)/, "")),
          },
        ],
        series: [
          {},
          ...series.map((one, place) => ({
            label: one.label,
            stroke: one.colour ?? colour(place, scheme),
            width: stacked ? 1 : 1.6,
            fill: stacked ? `${one.colour ?? colour(place, scheme)}66` : undefined,
            points: { size: 4 },
            spanGaps: false,
          })),
        ],
        bands: stacked
          ? series.slice(1).map((_, place) => ({ series: [place + 2, place + 1] as [number, number] }))
          : undefined,
        hooks: {
          setCursor: [(plot) => setPointed(plot.cursor.idx ?? null)],
          setSelect: [
            (plot) => {
              const { left, width: wide } = plot.select;
              if (wide < 4) return;
              const [low, high] = [plot.posToVal(left, "x"), plot.posToVal(left + wide, "x")];
              plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              newest.current.onZoom?.(new Date(low * 1_000), new Date(high * 1_000));
            },
          ],
        },
      },
      [at, ...drawn] as uPlot.AlignedData,
      element,
    );
    chart.current = made;
    return () => {
      chart.current = null;
      made.destroy();
    };
  }, [width > 0, empty, shape, scheme, stacked, sync, height]);

  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height });
  }, [width, height]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the bounds are read by the scale
  useEffect(() => {
    chart.current?.setData([at, ...drawn] as uPlot.AlignedData, true);
  }, [at, drawn, start, end, most]);

  const place = pointed ?? last;
  return (
    <figure className={styles.figure} ref={ref}>
      <figcaption className={styles.caption}>
        <strong>{label}</strong>
        <span className={styles.legend}>
          {series.map((one, n) => {
            const value = place === null ? null : raw[n]?.[place];
            return (
              <span key={one.label} className={styles.key}>
                <span className={styles.swatch} style={{ background: one.colour ?? colour(n, scheme) }} />
                {series.length > 1 && <span>{one.label}</span>}
                <span className={styles.value}>
                  {value === null || value === undefined ? "—" : format(value)}
                </span>
              </span>
            );
          })}
        </span>
      </figcaption>
      {empty ? (
        <div className={styles.none} style={{ height }}>
          {t("none")}
        </div>
      ) : (
        <div ref={host} role="img" aria-label={label} style={{ height }} className={styles.plot} />
      )}
    </figure>
  );
}

/** The newest place that has a value, for the legend of whoever points at nothing. */
function lastKnown(values: (number | null)[][]): number | null {
  const length = values[0]?.length ?? 0;
  for (let place = length - 1; place >= 0; place -= 1) {
    if (values.some((list) => list[place] !== null && list[place] !== undefined)) return place;
  }
  return null;
}
