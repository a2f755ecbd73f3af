/** What a user has set: columns, saved views. Kept in this browser, for whoever is logged in. */
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { usePrincipal } from "./me";

const listeners = new Set<() => void>();

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** A value, and how to change it. */
export function usePreference<T>(key: string, fallback: T): [T, (value: T) => void] {
  const { data } = usePrincipal();
  const name = `downbeat:${data?.subject ?? ""}:${key}`;
  const text = useSyncExternalStore(subscribe, () => read(name));
  const set = useCallback(
    (value: T) => {
      try {
        if (value === null) localStorage.removeItem(name);
        else localStorage.setItem(name, JSON.stringify(value));
      } catch {
        return; // a browser that keeps nothing
      }
      for (const listener of listeners) listener();
    },
    [name],
  );
  const value = useMemo(() => {
    try {
      return text === null ? fallback : (JSON.parse(text) as T);
    } catch {
      return fallback;
    }
  }, [text, fallback]);
  return [value, set];
}
