/** Single moments, row by row, each with the shape and colour of what it is. Points lead to what they are. */
import { useCallback } from "react";
import { absolute } from "../design/Age";
import { Shape, type Tone } from "../design/Status";
import { visible } from "../design/text";
import styles from "./heat.module.css";
import { type Place, ROW, RowChart } from "./RowChart";

export interface Dot {
  id: number;
  /** Milliseconds since 1970. */
  at: number;
  kind: string;
  tone: Tone;
}

export interface DotRow {
  key: string;
  total: number;
  dots: readonly Dot[];
}

interface ScatterProps {
  label: string;
  /** Read before the legend. */
  kindsLabel: string;
  rows: readonly DotRow[];
  from: Date;
  to: Date;
  onRow: (key: string) => void;
  onKind: (kind: string) => void;
  onDot: (id: number) => void;
  onZoom: (from: Date, to: Date) => void;
}

/** How near, in pixels, the pointer has to be. */
const NEAR = 9;
const RADIUS = 4.5;

export function Scatter({ label, kindsLabel, rows, from, to, onRow, onKind, onDot, onZoom }: ScatterProps) {
  const start = from.getTime();
  const whole = Math.max(1, to.getTime() - start);
  const nearest = ({ row, along }: Place, width: number) => {
    const reach = (NEAR / Math.max(1, width)) * whole;
    const moment = start + along * whole;
    let found: Dot | null = null;
    for (const dot of rows[row]?.dots ?? []) {
      const off = Math.abs(dot.at - moment);
      if (off <= reach && (!found || off < Math.abs(found.at - moment))) found = dot;
    }
    return found;
  };
  const draw = useCallback(
    (pen: CanvasRenderingContext2D, width: number) => {
      const style = getComputedStyle(pen.canvas);
      rows.forEach((row, place) => {
        for (const dot of row.dots) {
          const x = ((dot.at - start) / whole) * width;
          mark(pen, dot.tone, Math.max(RADIUS, Math.min(width - RADIUS, x)), (place + 0.5) * ROW, style);
        }
      });
    },
    [rows, start, whole],
  );
  return (
    <RowChart
      label={label}
      legend={<Legend label={kindsLabel} rows={rows} onKind={onKind} />}
      rows={rows}
      from={from}
      to={to}
      draw={draw}
      about={(at, width) => {
        const row = rows[at.row];
        const dot = nearest(at, width);
        if (!row) return "";
        return dot
          ? `${visible(row.key)} · ${visible(dot.kind)} · ${absolute(dot.at)}`
          : `${visible(row.key)} · ${absolute(start + at.along * whole)}`;
      }}
      onRow={onRow}
      onClick={(at, width) => {
        const dot = nearest(at, width);
        if (dot) onDot(dot.id);
      }}
      onZoom={(begin, end) => onZoom(new Date(start + begin * whole), new Date(start + end * whole))}
    />
  );
}

const INKS: Record<Tone, string> = {
  ok: "--ok",
  warn: "--warn",
  bad: "--bad",
  run: "--run",
  wait: "--idle",
  off: "--idle",
};

/** The shapes of `Status`, so that the legend reads the same without colours. */
function mark(
  pen: CanvasRenderingContext2D,
  tone: Tone,
  x: number,
  y: number,
  style: CSSStyleDeclaration,
): void {
  pen.fillStyle = style.getPropertyValue(INKS[tone]);
  pen.strokeStyle = pen.fillStyle;
  pen.lineWidth = 1.2;
  pen.beginPath();
  if (tone === "warn") polygon(pen, x, y, 3, -Math.PI / 2);
  else if (tone === "bad") polygon(pen, x, y, 4, 0);
  else pen.arc(x, y, RADIUS - 0.8, 0, 2 * Math.PI);
  if (tone === "off" || tone === "wait") pen.stroke();
  else if (tone === "run") {
    pen.stroke();
    pen.beginPath();
    pen.arc(x, y, RADIUS - 0.8, -Math.PI / 2, Math.PI / 2);
    pen.fill();
  } else pen.fill();
}

function polygon(pen: CanvasRenderingContext2D, x: number, y: number, corners: number, turn: number): void {
  for (let corner = 0; corner < corners; corner += 1) {
    const angle = turn + (2 * Math.PI * corner) / corners;
    pen.lineTo(x + (RADIUS + 0.5) * Math.cos(angle), y + (RADIUS + 0.5) * Math.sin(angle));
  }
  pen.closePath();
}

interface LegendProps {
  label: string;
  rows: readonly DotRow[];
  onKind: (kind: string) => void;
}

function Legend({ label, rows, onKind }: LegendProps) {
  const kinds = new Map<string, Tone>();
  for (const row of rows) for (const dot of row.dots) kinds.set(dot.kind, dot.tone);
  return (
    <ul className={styles.legend} aria-label={label}>
      {[...kinds]
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([kind, tone]) => (
          <li key={kind}>
            <button type="button" className={styles.kind} onClick={() => onKind(kind)}>
              <Shape tone={tone} /> {visible(kind)}
            </button>
          </li>
        ))}
    </ul>
  );
}
