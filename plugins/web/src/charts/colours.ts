/** Colours of series: told apart in both themes, and by those who see red and green alike. */

const LIGHT = [
  "#3f4fb8",
  "#b45309",
  "#0f766e",
  "#a21caf",
  "#b8293a",
  "#4d7c0f",
  "#0369a1",
  "#7c3aed",
  "#92400e",
  "#334155",
];
const DARK = [
  "#aab4ff",
  "#f6ad55",
  "#5ee0cf",
  "#f0abfc",
  "#ff858f",
  "#bef264",
  "#7dd3fc",
  "#c4b5fd",
  "#fcd34d",
  "#cbd5e1",
];

export type Scheme = "light" | "dark";

export function colour(place: number, scheme: Scheme): string {
  const list = scheme === "dark" ? DARK : LIGHT;
  return list[place % list.length] ?? "#888888";
}

/** Always the same colour for a name. */
export function colourOf(name: string, scheme: Scheme): string {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return colour(hash, scheme);
}
