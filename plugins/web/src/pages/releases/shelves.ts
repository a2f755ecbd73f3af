/** App packages and script objects: what the server stores under a name and a version. */
export interface Stored {
  name: string;
  version: string;
  size: number;
  digest: string | null;
  modified: string | null;
}

export interface Shelf {
  /** The key of its texts. */
  id: "packages" | "scripts";
  path: "/api/app-packages" | "/api/script-objects";
  topics: readonly string[];
  accept: string;
  limit: number;
  limitText: string;
}

export const PACKAGES: Shelf = {
  id: "packages",
  path: "/api/app-packages",
  topics: ["objects:app_packages"],
  accept: ".exe,.msi,.zip",
  limit: 8 * 1024 ** 3,
  limitText: "8 GiB",
};

export const SCRIPTS: Shelf = {
  id: "scripts",
  path: "/api/script-objects",
  topics: ["objects:scripts"],
  accept: ".ps1,.sh,.bat,.cmd",
  limit: 4 * 1024 ** 2,
  limitText: "4 MiB",
};

/** Whether the server would take it as a name or a version: printable ASCII without / " and \. */
export function isSegment(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text) && !/[/"\\]/.test(text);
}
