/** Rows over time on one canvas: names that lead somewhere, an axis, a drag that zooms. What is drawn, others say. */
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { absolute } from "../design/Age";
import { count } from "../design/numbers";
import { visible } from "../design/text";
import type { Scheme } from "./colours";
import styles from "./heat.module.css";

export const ROW = 24; // as large as a target has to be

/** Where the pointer is: in which row, and how far along the time, 0 to 1. */
export interface Place {
  row: number;
  along: number;
}

export interface RowChartProps {
  label: string;
  legend?: ReactNode;
  rows: readonly { key: string; total: number }[];
  from: Date;
  to: Date;
  /** Keep it the same as long as nothing else is to be drawn. */
  draw: (pen: CanvasRenderingContext2D, width: number, scheme: Scheme) => void;
  /** What is at this place, in words. */
  about: (at: Place, width: number) => string;
  onRow: (key: string) => void;
  onClick: (at: Place, width: number) => void;
  onZoom: (from: number, to: number) => void;
}

/** Movement below this is a click, in pixels. */
const STILL = 4;

export function RowChart(props: RowChartProps) {
  const { label, legend, rows, from, to, draw, about, onRow } = props;
  const { i18n } = useTranslation();
  const { ref, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  const { at, start, pointer } = usePointer(props, width);
  const height = rows.length * ROW;

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen || width === 0) return;
    const sharp = window.devicePixelRatio || 1;
    element.width = Math.round(width * sharp);
    element.height = Math.round(height * sharp);
    pen.scale(sharp, sharp);
    lines(pen, width, height, scheme);
    draw(pen, width, scheme);
    if (start === null || at === null) return;
    pen.fillStyle = scheme === "dark" ? "rgba(170, 180, 255, 0.18)" : "rgba(63, 79, 184, 0.18)";
    const low = Math.min(start, at.along);
    pen.fillRect(low * width, 0, Math.abs(at.along - start) * width, height);
  }, [draw, width, height, scheme, start, at]);

  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        <span>{label}</span>
        <span className="soft" aria-hidden>
          {at ? about(at, width) : "\u00a0"}
        </span>
      </figcaption>
      {legend}
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
            style={{ height }}
            {...pointer}
          />
        </div>
        <Axis from={from} to={to} />
      </div>
    </figure>
  );
}

const PARTS = 4;

/** Hairlines where the axis has its words, so that an empty stretch is seen to be one. */
function lines(pen: CanvasRenderingContext2D, width: number, height: number, scheme: Scheme): void {
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = scheme === "dark" ? "rgba(255, 255, 255, 0.09)" : "rgba(0, 0, 0, 0.08)";
  for (let part = 0; part <= PARTS; part += 1)
    pen.fillRect(Math.min(width - 1, (width * part) / PARTS), 0, 1, height);
}

function Axis({ from, to }: { from: Date; to: Date }) {
  const whole = to.getTime() - from.getTime();
  const moments = Array.from({ length: PARTS + 1 }, (_, part) => from.getTime() + (whole * part) / PARTS);
  return (
    <div className={styles.axis} aria-hidden>
      {moments.map((moment) => (
        <span key={moment}>{absolute(moment).slice(5, 16)}</span>
      ))}
    </div>
  );
}

function usePointer({ rows, onClick, onZoom }: RowChartProps, width: number) {
  const [at, setAt] = useState<Place | null>(null);
  const [start, setStart] = useState<number | null>(null);
  const place = (event: PointerEvent): Place => {
    const box = event.currentTarget.getBoundingClientRect();
    return {
      row: Math.max(0, Math.min(rows.length - 1, Math.floor((event.clientY - box.top) / ROW))),
      along: Math.max(0, Math.min(1, (event.clientX - box.left) / Math.max(1, width))),
    };
  };
  const pointer = {
    onPointerDown: (event: PointerEvent) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      setStart(place(event).along);
    },
    onPointerMove: (event: PointerEvent) => setAt(place(event)),
    onPointerUp: (event: PointerEvent) => {
      const end = place(event);
      setStart(null);
      if (start === null) return;
      if (Math.abs(end.along - start) * width < STILL) onClick(end, width);
      else onZoom(Math.min(start, end.along), Math.max(start, end.along));
    },
    onPointerCancel: () => setStart(null),
    onPointerLeave: () => setAt(null),
  };
  return { at, start, pointer };
}
