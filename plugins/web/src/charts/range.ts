/** A range of time in the URL: so many hours back from now, or from one moment to another. */
import { useCallback, useMemo, useRef } from "react";
import { useNow } from "../design/Age";
import { type Param, useUrlState } from "../lib/urlState";

export interface Preset {
  /** `1h`, `24h`, `7d`: also what stands in the URL. */
  id: string;
  seconds: number;
}

export const PRESETS: readonly Preset[] = [
  { id: "15m", seconds: 900 },
  { id: "1h", seconds: 3_600 },
  { id: "6h", seconds: 21_600 },
  { id: "24h", seconds: 86_400 },
  { id: "7d", seconds: 604_800 },
  { id: "30d", seconds: 2_592_000 },
  { id: "90d", seconds: 7_776_000 },
];

export interface Range {
  from: Date;
  to: Date;
  /** The preset, or null where the range is fixed. */
  preset: string | null;
}

/** Steps that are asked for: the finest that gives no more than so many points. */
const STEPS: readonly [string, number][] = [
  ["30s", 30],
  ["1m", 60],
  ["2m", 120],
  ["5m", 300],
  ["10m", 600],
  ["15m", 900],
  ["30m", 1_800],
  ["1h", 3_600],
  ["2h", 7_200],
  ["4h", 14_400],
  ["12h", 43_200],
  ["1d", 86_400],
];

export interface Step {
  text: string;
  seconds: number;
}

export function stepFor(range: Range, points: number, least = 0): Step {
  const seconds = (range.to.getTime() - range.from.getTime()) / 1_000;
  const found = STEPS.find(([, size]) => size >= least && seconds / size <= points) ?? STEPS.at(-1);
  const [text, size] = found ?? ["1d", 86_400];
  return { text, seconds: size };
}

/** From and to on multiples of the step, so that the same question is asked while the clock runs. */
export function aligned(range: Range, step: Step): { from: string; to: string } {
  const unit = step.seconds * 1_000;
  const from = Math.floor(range.from.getTime() / unit) * unit;
  const to = Math.ceil(range.to.getTime() / unit) * unit;
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function time(values: string[]): Date | null | undefined {
  const at = new Date(values[0] ?? "");
  return Number.isNaN(at.getTime()) ? undefined : at;
}

const instant: Param<Date | null> = {
  fallback: null,
  read: time,
  write: (at) => (at ? [at.toISOString()] : []),
};
/** For pages that change the range together with something else. */
export const rangeShape = {
  range: {
    fallback: "",
    read: (values: string[]) => values[0],
    write: (value: string) => [value],
  } as Param<string>,
  from: instant,
  to: instant,
};

export interface RangeState {
  range: Range;
  preset: (id: string) => void;
  between: (from: Date, to: Date) => void;
}

/** The range that the URL names; without one, the preset given. A preset moves on each half minute. */
export function useRange(usual: string): RangeState {
  const [values, set] = useUrlState(rangeShape);
  const half = Math.floor(useNow() / 30_000) * 30_000 + 30_000;
  const { from, to } = values;
  const fixedFrom = from?.getTime();
  const fixedTo = to?.getTime();
  const id = values.range || usual;
  const range = useMemo<Range>(() => {
    if (fixedFrom !== undefined && fixedTo !== undefined && fixedFrom < fixedTo) {
      return { from: new Date(fixedFrom), to: new Date(fixedTo), preset: null };
    }
    const preset = PRESETS.find((one) => one.id === id) ?? PRESETS.find((one) => one.id === usual);
    return {
      from: new Date(half - (preset?.seconds ?? 3_600) * 1_000),
      to: new Date(half),
      preset: preset?.id ?? usual,
    };
  }, [fixedFrom, fixedTo, id, usual, half]);
  const preset = useCallback(
    (next: string) => set({ range: next === usual ? "" : next, from: null, to: null }, { push: true }),
    [set, usual],
  );
  const between = useCallback(
    (start: Date, end: Date) => set({ from: start, to: end, range: "" }, { push: true }),
    [set],
  );
  return { range, preset, between };
}

export interface Bounds {
  from: string;
  /** Absent: up to now, and what comes. */
  to: string | null;
  preset: string | null;
}

/**
 * Where the list begins and ends: a preset goes on up to now, so that new rows arrive, and begins where it did
 * when it was chosen, so that the rows stay.
 */
export function useBounds({ range }: RangeState) {
  const { preset } = range;
  const newest = useRef(range);
  newest.current = range;
  const fixedFrom = preset === null ? range.from.getTime() : null;
  const fixedTo = preset === null ? range.to.getTime() : null;
  return useMemo<Bounds>(() => {
    if (fixedFrom === null || fixedTo === null)
      return { from: newest.current.from.toISOString(), to: null, preset };
    return { from: new Date(fixedFrom).toISOString(), to: new Date(fixedTo).toISOString(), preset };
  }, [preset, fixedFrom, fixedTo]);
}
