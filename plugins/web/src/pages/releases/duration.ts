const UNITS: [RegExp, number][] = [
  [/^(ms|msec|millis(econds?)?)$/, 0.001],
  [/^(s|secs?|seconds?)$/, 1],
  [/^(m|mins?|minutes?)$/, 60],
  [/^(h|hrs?|hours?)$/, 3_600],
  [/^(d|days?)$/, 86_400],
  [/^(w|weeks?)$/, 604_800],
];

/** Seconds of `1h 30m`; null for what is no such text. The server has the last word. */
export function seconds(text: string): number | null {
  const parts = [...text.trim().matchAll(/(\d+)\s*([a-z]+)\s*/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text.trim()) return null;
  let sum = 0;
  for (const [, amount, unit = ""] of parts) {
    const size = UNITS.find(([known]) => known.test(unit))?.[1];
    if (size === undefined) return null;
    sum += Number(amount) * size;
  }
  return sum;
}
