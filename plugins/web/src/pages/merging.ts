/** Several sources of what happened, as one timeline. */
import type { Tone } from "../design/Status";

export interface Happening {
  /** Unique within its source. */
  id: string;
  at: string;
  tone: Tone;
  title: string;
  /** Said below, in small. */
  detail?: string;
  to?: string;
}

export interface Happenings {
  items: Happening[];
  /** To be given back for what is older; null at the end. */
  next: string | null;
}

/** One step back in time: what each source answered, by its title. */
export interface Step {
  found: Record<string, Happenings>;
  failed: Record<string, string>;
}

/** Where each source goes on; sources that are not named are not asked. */
export type Cursors = Record<string, string | null>;

interface Known {
  items: Happening[];
  next: string | null;
}

function known(steps: readonly Step[]): Map<string, Known> {
  const all = new Map<string, Known>();
  for (const { found } of steps) {
    for (const [name, part] of Object.entries(found)) {
      all.set(name, { items: [...(all.get(name)?.items ?? []), ...part.items], next: part.next });
    }
  }
  return all;
}

/** The oldest moment before which a source that has more may know of something. */
function horizon(all: Map<string, Known>): number {
  const edges = [...all.values()].filter((one) => one.next !== null).map((one) => time(one.items.at(-1)?.at));
  return Math.max(Number.NEGATIVE_INFINITY, ...edges);
}

/** Newest first, and only as far back as every source has been asked. */
export function merged(steps: readonly Step[]): (Happening & { source: string })[] {
  const all = known(steps);
  const edge = horizon(all);
  return [...all]
    .flatMap(([source, { items }]) => items.map((item) => ({ ...item, source })))
    .filter((item) => time(item.at) >= edge)
    .sort((one, other) => time(other.at) - time(one.at));
}

/** Who has to be asked again to see further back: those who end at the horizon. Null at the end of all. */
export function further(steps: readonly Step[]): Cursors | null {
  const all = known(steps);
  const edge = horizon(all);
  const ends = [...all].filter(([, one]) => one.next !== null && time(one.items.at(-1)?.at) >= edge);
  return ends.length > 0 ? Object.fromEntries(ends.map(([name, one]) => [name, one.next])) : null;
}

function time(at: string | undefined): number {
  return at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at);
}
