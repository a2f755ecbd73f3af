/** What a module from outside is given. Its form is public: docs/plugins.md describes it. */
import { toast } from "../../design/toast";
import { headers } from "../../lib/api";
import { onChange, type Topics } from "../../lib/live";
import { atLeast, type Principal, type Role } from "../../lib/me";
import type { PageRow } from "../../lib/plugins";
import { session } from "../../lib/session";
import * as elements from "./elements";

export type Scheme = "light" | "dark";
export type Unmount = () => void;

/** The version of this object; what is added does not change it. */
export const VERSION = 1;

export interface Kanade {
  readonly version: number;
  readonly page: Pick<PageRow, "id" | "plugin" | "kind" | "path">;
  /** Of the agent whose page a panel is on; empty for pages and cards. */
  readonly pcId: string;
  readonly language: string;
  readonly theme: Scheme;
  readonly user: Principal;
  /** Variable parts of the path, and the query. */
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  may: (role: Role) => boolean;
  /** `fetch` with the log-in, to this server only. A 401 ends the session. */
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
  /** Call back with the keys that changed ("all" when that is not known); answers how to stop. */
  live: (topic: string, heard: (keys: string[] | "all") => void) => Unmount;
  onTheme: (changed: (theme: Scheme) => void) => Unmount;
  navigate: (to: string) => void;
  toast: { done: (text: string) => void; failed: (error: unknown) => void };
  elements: Omit<typeof elements, "link"> & { link: (to: string, words: string) => HTMLElement };
  /** Aborted when the page is left: hand it to `fetch`. */
  readonly signal: AbortSignal;
}

/** The module that a plugin serves. */
export interface Module {
  mount: (element: HTMLElement, kanade: Kanade) => Unmount | undefined | Promise<Unmount | undefined>;
}

export interface Surroundings {
  page: PageRow;
  pcId: string;
  language: string;
  user: Principal;
  params: Readonly<Record<string, string | undefined>>;
  query: URLSearchParams;
  navigate: (to: string) => void;
}

function scheme(): Scheme {
  return document.documentElement.getAttribute("data-mantine-color-scheme") === "dark" ? "dark" : "light";
}

async function authorised(
  path: string,
  init: RequestInit | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const to = new URL(path, window.location.origin);
  if (to.origin !== window.location.origin)
    throw new TypeError(`kanade.fetch asks this server only, not ${to.origin}`);
  const token = session.token;
  const given = Object.fromEntries(new Headers(init?.headers).entries());
  const answer = await fetch(to, { signal, ...init, headers: { ...given, ...headers() } });
  if (answer.status === 401 && token === session.token) session.end("refused");
  return answer;
}

/** The object for one mount, and how to end everything that it began. */
export function provide(around: Surroundings): { kanade: Kanade; end: Unmount } {
  const leaving = new AbortController();
  const ends = new Set<Unmount>();
  const lasting = (end: Unmount): Unmount => {
    const once = () => {
      ends.delete(once);
      end();
    };
    ends.add(once);
    return once;
  };
  const { page, navigate } = around;
  const kanade: Kanade = {
    version: VERSION,
    page: { id: page.id, plugin: page.plugin, kind: page.kind, path: page.path },
    pcId: around.pcId,
    language: around.language,
    get theme() {
      return scheme();
    },
    user: around.user,
    params: around.params,
    query: around.query,
    may: (role) => atLeast(around.user.role, role),
    fetch: (path, init) => authorised(path, init, leaving.signal),
    live: (topic, heard) => lasting(onChange((topics) => tell(topics, topic, heard))),
    onTheme: (changed) => {
      const watcher = new MutationObserver(() => changed(scheme()));
      watcher.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
      return lasting(() => watcher.disconnect());
    },
    navigate,
    toast: { done: toast.done, failed: toast.failed },
    elements: { ...elements, link: (to, words) => elements.link(to, words, navigate) },
    signal: leaving.signal,
  };
  const end = () => {
    leaving.abort();
    for (const one of [...ends]) one();
  };
  return { kanade, end };
}

function tell(topics: Topics | "everything", topic: string, heard: (keys: string[] | "all") => void): void {
  try {
    if (topics === "everything") heard("all");
    else if (topics[topic] !== undefined) heard(topics[topic]);
  } catch (error) {
    toast.failed(error); // one listener that fails keeps no other from hearing
  }
}
