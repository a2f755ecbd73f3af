/** Jobs as the catalogue lists them, and what firing one takes and says. */

export interface Job {
  id: string;
  version: string;
  description: string | null;
  execute: {
    shell: string;
    timeout: string;
    run_as?: string;
    cwd?: string | null;
    script_object?: string | null;
  };
  require_approval?: boolean;
  inventory?: unknown;
  emit?: unknown;
  live: { running: number; pending: number };
}

/** The key of the word for what its runs give. */
export function kindOf(job: Job): "kind.inventory" | "kind.events" | "kind.script" {
  return job.inventory ? "kind.inventory" : job.emit ? "kind.events" : "kind.script";
}

export const TEMPLATE = `id: my-job
version: "1.0.0"
description: ""
execute:
  shell: powershell
  script: |
    Write-Output "hello from kanade"
  timeout: 30s
`;

export interface Plan {
  target: { all: boolean; groups: string[]; pcs: string[] };
  jitter?: string;
  deadline_at?: string;
  batches?: { size: string; pause: string; stop_at_failed?: string };
}

export interface Named {
  count: number;
  pcs: string[];
}

/** What a fire would do now. */
export interface FirePreview {
  expected: Named;
  unknown: Named;
  offline: Named;
  duplicates: number;
  waves: { delay_secs: number; pcs: number }[];
  commands: number;
  bytes: number;
  obstacles: { why: string; text: string }[];
  warnings: string[];
}

export interface Fired {
  exec_id: string;
  expected: number;
  warnings?: string[];
  approval?: "pending";
}

export interface Emergency {
  paused: boolean;
  since: string | null;
  by: string | null;
  reason: string | null;
  open: number;
}
