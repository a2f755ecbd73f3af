/** Ready elements for modules from outside: plain DOM, in the look of the interface. */
import { absolute, relative } from "../../design/Age";
import { count } from "../../design/numbers";
import type { Tone } from "../../design/Status";
import statusStyles from "../../design/Status.module.css";
import tableStyles from "../../design/Table.module.css";
import { middle, visible } from "../../design/text";
import { i18n } from "../../i18n";

export interface ColumnOf<T> {
  title: string;
  /** A text, or an element that one of these functions made. */
  cell: (row: T) => string | number | Node | null;
  right?: boolean;
}

export interface TableOf<T> {
  label: string;
  columns: ColumnOf<T>[];
  rows: T[];
  /** Said instead of rows. */
  empty?: string;
}

function made<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = "",
  style = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (style) element.className = style;
  return element;
}

const SIGNS: Record<Tone, string> = { ok: "✓", warn: "▲", bad: "◆", run: "◐", wait: "◌", off: "○" };

/** How something stands, by sign, word and colour. */
export function status(tone: Tone, words: string): HTMLElement {
  const element = made("span", "", `${statusStyles.status} ${statusStyles[tone] ?? ""}`);
  const sign = made("span", SIGNS[tone] ?? "");
  sign.setAttribute("aria-hidden", "true");
  element.append(sign, made("span", visible(words)));
  return element;
}

/** An id, cut in the middle, whole on hover. */
export function id(value: string, most = 22): HTMLElement {
  const element = made("span", middle(visible(value), most), "mono");
  element.title = visible(value);
  return element;
}

/** A number as people read it. */
export function number(value: number | null): string {
  return count(value, i18n.language);
}

/** A link to another page; it does not load the interface anew. */
export function link(to: string, words: string, go: (to: string) => void): HTMLAnchorElement {
  const element = made("a", visible(words));
  element.href = to;
  element.addEventListener("click", (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(to);
  });
  return element;
}

/** A table that is cards on a phone. Texts are texts, never markup. */
export function table<T>({ label, columns, rows, empty }: TableOf<T>): HTMLElement {
  if (rows.length === 0 && empty) return made("p", empty, "soft");
  const found = made("table", "", tableStyles.table);
  found.setAttribute("aria-label", label);
  const head = found.createTHead().insertRow();
  for (const column of columns) {
    const cell = made("th", column.title, column.right ? tableStyles.right : "");
    cell.scope = "col";
    head.append(cell);
  }
  const body = found.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    columns.forEach((column, place) => {
      const cell = line.insertCell();
      if (column.right) cell.className = tableStyles.right ?? "";
      if (place > 0) {
        const words = made("span", column.title, tableStyles.label);
        words.setAttribute("aria-hidden", "true");
        cell.append(words);
      }
      const content = column.cell(row);
      cell.append(content instanceof Node ? content : visible(String(content ?? "—")));
    });
  }
  const frame = made("div", "", tableStyles.scroll);
  frame.append(found);
  return frame;
}

const ages = new Set<HTMLTimeElement>();
let ticking: ReturnType<typeof setInterval> | null = null;

function show(element: HTMLTimeElement): void {
  const seconds = (Date.parse(element.dateTime) - Date.now()) / 1_000;
  element.textContent = relative(seconds > 0 && seconds < 5 ? 0 : seconds, i18n.language);
}

function tick(): void {
  for (const one of ages) {
    if (one.isConnected) show(one);
    else ages.delete(one);
  }
  if (ages.size === 0 && ticking !== null) {
    clearInterval(ticking);
    ticking = null;
  }
}

/** How long ago, ticking; absolute on hover. */
export function age(at: string | null): HTMLElement {
  if (at === null || Number.isNaN(Date.parse(at))) return made("span", at ?? "—", "soft");
  const element = made("time");
  element.dateTime = at;
  element.title = absolute(at);
  show(element);
  ages.add(element);
  ticking ??= setInterval(tick, 1_000);
  return element;
}
