/** What the command palette can find beside pages: each folder of pages may export `finders`. */

export interface Found {
  label: string;
  about?: string;
  to: string;
}

export interface Finder {
  /** The id of the page that must be there. */
  page: string;
  /** The heading of its group, as a key with its namespace: "heartbeat:find". */
  title: string;
  /** Called with two characters or more; ten answers are enough. */
  search: (asked: string, signal: AbortSignal) => Promise<Found[]>;
}

const folders = import.meta.glob<{ finders?: Finder[] }>("./*/index.ts", { eager: true });

export const finders: Finder[] = Object.values(folders).flatMap((folder) => folder.finders ?? []);
