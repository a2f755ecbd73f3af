/** Numbers as people read them. */

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `1.4 GiB`; nothing is "—". */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return "—";
  let rest = Math.abs(value);
  let unit = 0;
  while (rest >= 1024 && unit < BINARY.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  const shown = unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1);
  return `${value < 0 ? "-" : ""}${shown} ${BINARY[unit]}`;
}

const formats = new Map<string | undefined, Intl.NumberFormat>();

function formatOf(language: string | undefined): Intl.NumberFormat {
  let found = formats.get(language);
  if (!found) {
    found = new Intl.NumberFormat(language);
    formats.set(language, found);
  }
  return found;
}

/** `12,345`; nothing is "—". */
export function count(value: number | null | undefined, language?: string): string {
  return value === null || value === undefined ? "—" : formatOf(language).format(value);
}

/** A total that may be bounded: `10,000+`. */
export function total(value: number, exact: boolean, language?: string): string {
  return exact ? count(value, language) : `${count(value, language)}+`;
}

/** `93.4 %`. */
export function percent(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? "—" : `${value.toFixed(digits)} %`;
}
