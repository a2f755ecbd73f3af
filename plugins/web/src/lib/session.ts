/** The token of whoever is logged in, shared by all tabs of this browser. */
import { useSyncExternalStore } from "react";

/** The key that kanade's own interface uses too, so that switching between the two keeps one logged in. */
const KEY = "kanade_token";
const listeners = new Set<() => void>();

function stored(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // a browser that keeps nothing: the log-in lasts as long as the page
  }
}

let current = stored();
let ended = false;

function tell(): void {
  for (const listener of listeners) listener();
}

window.addEventListener("storage", (event) => {
  if (event.key !== KEY && event.key !== null) return;
  current = stored();
  tell();
});

export const session = {
  get token(): string {
    return current;
  },
  /** True once the server refused a token that had been good: the log-in page says so. */
  get ended(): boolean {
    return ended;
  },
  begin(token: string): void {
    current = token;
    ended = false;
    try {
      localStorage.setItem(KEY, token);
    } catch {
      // kept in memory
    }
    tell();
  },
  end(reason: "left" | "refused"): void {
    if (current === "") return;
    ended = reason === "refused";
    current = "";
    try {
      localStorage.removeItem(KEY);
    } catch {
      // nothing was kept
    }
    tell();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** The token, for components that must follow it. */
export function useToken(): string {
  return useSyncExternalStore(session.subscribe, () => session.token);
}
