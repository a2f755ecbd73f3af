/** Results as the server lists them. */
import type { Tone } from "../../design/Status";

export interface ResultRow {
  result_id: string;
  request_id: string;
  exec_id: string | null;
  pc_id: string;
  exit_code: number | null;
  stdout: string;
  stderr: string;
  started_at: string | null;
  finished_at: string | null;
  job_id: string | null;
  version: string | null;
}

export function toneOf(row: Pick<ResultRow, "exit_code">): Tone {
  return row.exit_code === null ? "run" : row.exit_code === 0 ? "ok" : "bad";
}

/** The filters of results are patterns: this one means exactly that text. */
export function exactly(text: string): string {
  return `^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
}
