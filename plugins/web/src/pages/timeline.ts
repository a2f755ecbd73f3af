/** What happened to a PC: each folder of pages may export `timelines`, and the agent page merges them. */
import type { Happenings } from "./merging";

export type { Happening, Happenings } from "./merging";

export interface Timeline {
  /** A page or panel that must be there: the plugin runs. */
  page: string;
  /** The name of its kind, as a key with its namespace: "obs:timeline". */
  title: string;
  topics: readonly string[];
  /** Newest first. `words` translates keys with their namespace. */
  load: (pcId: string, next: string | null, signal: AbortSignal, words: Words) => Promise<Happenings>;
}

export type Words = (key: string, values?: Record<string, string | number>) => string;

const folders = import.meta.glob<{ timelines?: Timeline[] }>("./*/index.ts", { eager: true });

export const timelines: Timeline[] = Object.values(folders).flatMap((folder) => folder.timelines ?? []);
