/** Times: relative and ticking, absolute on hover. One clock for all of them. */
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** Milliseconds since 1970, each second anew. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Number.POSITIVE_INFINITY],
];

const formats = new Map<string, Intl.RelativeTimeFormat>();

/** One for each language: to make one costs more than to use it a thousand times. */
function formatOf(language: string): Intl.RelativeTimeFormat {
  let found = formats.get(language);
  if (!found) {
    found = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "narrow" });
    formats.set(language, found);
  }
  return found;
}

/** "3 min. ago", "in 2 hr.", in the language given. `seconds` is negative for the past. */
export function relative(seconds: number, language: string): string {
  const format = formatOf(language);
  let value = seconds;
  for (const [unit, size] of STEPS) {
    if (Math.abs(value) < size) return format.format(Math.trunc(value), unit);
    value /= size;
  }
  return "";
}

/** `2026-11-28 13:48:05`, in the time of whoever looks; the text itself when it is no time. */
export function absolute(at: string | number): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return String(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** `at` is an instant as the server sends it; nothing is "—". */
export function Age({ at, never }: { at: string | null | undefined; never?: string }) {
  const { i18n } = useTranslation();
  const current = useNow();
  if (!at) return <span className="soft">{never ?? "—"}</span>;
  const time = Date.parse(at);
  if (Number.isNaN(time)) return <span>{at}</span>;
  const seconds = (time - current) / 1_000;
  // Clocks differ by a little: what just happened did not happen in the future.
  const shown = seconds > 0 && seconds < 5 ? -0 : seconds; // "0s ago", not "in 0s"
  return (
    <time dateTime={at} title={absolute(at)}>
      {relative(shown, i18n.language)}
    </time>
  );
}

function both(many: number, unit: string, few: number, smaller: string): string {
  return few === 0 ? `${many} ${unit}` : `${many} ${unit} ${few} ${smaller}`;
}

/** A span of time: `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 10 min`, `3 d 4 h`, `7 d`. */
export function span(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return both(hours, "h", minutes % 60, "min");
  return both(Math.floor(hours / 24), "d", hours % 24, "h");
}
