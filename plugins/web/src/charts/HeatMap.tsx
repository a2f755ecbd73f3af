/** How much when, row by row: darker is more. Rows and cells lead to what is behind them; drag to zoom. */
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { absolute } from "../design/Age";
import { count } from "../design/numbers";
import { visible } from "../design/text";
import type { Scheme } from "./colours";
import { type Place, ROW, RowChart } from "./RowChart";

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

export function HeatMap({ label, rows, from, stepSeconds, columns, onRow, onCell, onZoom }: HeatMapProps) {
  const { i18n } = useTranslation();
  const time = (column: number) => new Date(from.getTime() + column * stepSeconds * 1_000);
  const columnOf = (along: number) => Math.min(columns - 1, Math.floor(along * columns));
  const cellAt = (at: Place) => {
    const column = columnOf(at.along);
    const row = rows[at.row];
    return { row, column, n: row?.cells.find(([one]) => one === column)?.[1] ?? 0 };
  };
  const draw = useCallback(
    (pen: CanvasRenderingContext2D, width: number, scheme: Scheme) => {
      const cell = width / Math.max(1, columns);
      const most = Math.max(1, ...rows.flatMap((one) => one.cells.map(([, n]) => n)));
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
    },
    [rows, columns],
  );
  return (
    <RowChart
      label={label}
      rows={rows}
      from={from}
      to={time(columns)}
      draw={draw}
      about={(at) => {
        const { row, column, n } = cellAt(at);
        return row
          ? `${visible(row.key)} · ${absolute(time(column).getTime())} · ${count(n, i18n.language)}`
          : "";
      }}
      onRow={onRow}
      onClick={(at) => {
        const { row, column, n } = cellAt(at);
        if (row && n > 0) onCell(row.key, time(column), time(column + 1));
      }}
      onZoom={(start, end) => onZoom(time(columnOf(start)), time(columnOf(end) + 1))}
    />
  );
}
