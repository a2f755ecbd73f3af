/** How much when, row by row: darker is more. Rows and cells lead to what is behind them; drag to zoom. */
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { absolute } from "../design/Age";
import { count } from "../design/numbers";
import { visible } from "../design/text";
import styles from "./heat.module.css";

export interface HeatRow {
  key: string;
  total: number;
  /** [column, how many], those that have any. */
  cells: readonly (readonly [number, number])[];
}

interface HeatMapProps {
  label: string;
  rows: readonly HeatRow[];
  from: Date;
  stepSeconds: number;
  columns: number;
  onRow: (key: string) => void;
  onCell: (key: string, from: Date, to: Date) => void;
  onZoom: (from: Date, to: Date) => void;
}

const ROW = 24; // as large as a target has to be

interface Place {
  row: number;
  column: number;
}

export function HeatMap({ label, rows, from, stepSeconds, columns, onRow, onCell, onZoom }: HeatMapProps) {
  const { i18n } = useTranslation();
  const { ref, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  const [at, setAt] = useState<Place | null>(null);
  const [start, setStart] = useState<number | null>(null);
  const cell = width / Math.max(1, columns);
  const most = Math.max(1, ...rows.flatMap((one) => one.cells.map(([, n]) => n)));

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen || width === 0) return;
    const sharp = window.devicePixelRatio || 1;
    element.width = Math.round(width * sharp);
    element.height = Math.round(rows.length * ROW * sharp);
    pen.scale(sharp, sharp);
    pen.clearRect(0, 0, width, rows.length * ROW);
    const [red, green, blue] = scheme === "dark" ? [170, 180, 255] : [63, 79, 184];
    rows.forEach((row, place) => {
      for (const [column, n] of row.cells) {
        // By the logarithm: one event must be seen beside a thousand.
        const strength = 0.22 + 0.78 * (Math.log1p(n) / Math.log1p(most));
        pen.fillStyle = `rgba(${red}, ${green}, ${blue}, ${strength})`;
        const gap = cell > 4 ? 1 : 0;
        pen.fillRect(column * cell, place * ROW + 1, Math.max(1, cell - gap), ROW - 2);
      }
    });
    if (start !== null && at !== null) {
      pen.fillStyle = `rgba(${red}, ${green}, ${blue}, 0.18)`;
      const low = Math.min(start, at.column);
      pen.fillRect(low * cell, 0, (Math.abs(at.column - start) + 1) * cell, rows.length * ROW);
    }
  }, [rows, width, cell, most, scheme, start, at]);

  const place = (event: PointerEvent): Place => {
    const box = event.currentTarget.getBoundingClientRect();
    return {
      row: Math.max(0, Math.min(rows.length - 1, Math.floor((event.clientY - box.top) / ROW))),
      column: Math.max(0, Math.min(columns - 1, Math.floor((event.clientX - box.left) / cell))),
    };
  };
  const time = (column: number) => new Date(from.getTime() + column * stepSeconds * 1_000);
  const released = (event: PointerEvent) => {
    const end = place(event);
    const began = start;
    setStart(null);
    if (began === null) return;
    if (began !== end.column)
      onZoom(time(Math.min(began, end.column)), time(Math.max(began, end.column) + 1));
    else {
      const row = rows[end.row];
      if (row?.cells.some(([column]) => column === end.column))
        onCell(row.key, time(end.column), time(end.column + 1));
    }
  };
  const row = at ? rows[at.row] : undefined;
  const here = at && row ? (row.cells.find(([column]) => column === at.column)?.[1] ?? 0) : null;
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        <span>{label}</span>
        <span className="soft" aria-hidden>
          {at && row && here !== null
            ? `${visible(row.key)} · ${absolute(time(at.column).getTime())} · ${count(here, i18n.language)}`
            : "\u00a0"}
        </span>
      </figcaption>
      <div className={styles.body}>
        <ul className={styles.names}>
          {rows.map((one) => (
            <li key={one.key}>
              <button
                type="button"
                className={styles.name}
                title={visible(one.key)}
                onClick={() => onRow(one.key)}
              >
                <span className={styles.key}>{visible(one.key)}</span>
                <span className="soft">{count(one.total, i18n.language)}</span>
              </button>
            </li>
          ))}
        </ul>
        <div ref={ref} className={styles.cells}>
          <canvas
            ref={canvas}
            role="img"
            aria-label={label}
            className={styles.canvas}
            style={{ height: rows.length * ROW }}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              setStart(place(event).column);
            }}
            onPointerMove={(event) => setAt(place(event))}
            onPointerUp={released}
            onPointerCancel={() => setStart(null)}
            onPointerLeave={() => setAt(null)}
          />
        </div>
      </div>
      <div className={styles.axis} aria-hidden>
        <span>{absolute(from.getTime()).slice(0, 16)}</span>
        <span>{absolute(time(columns).getTime()).slice(0, 16)}</span>
      </div>
    </figure>
  );
}
