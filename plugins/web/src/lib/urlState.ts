/** The state of a page in its URL: filters, sort, columns, time range, what is open. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

/** How one value stands in the query; `undefined` from `read` means the default. */
export interface Param<T> {
  fallback: T;
  read: (values: string[]) => T | undefined;
  write: (value: T) => string[];
}

export function text(fallback = ""): Param<string> {
  return { fallback, read: (values) => values[0], write: (value) => [value] };
}

export function number(fallback: number, least = 0, most = Number.MAX_SAFE_INTEGER): Param<number> {
  return {
    fallback,
    read: (values) => {
      const value = Number(values[0]);
      return Number.isFinite(value) && values[0] !== "" ? Math.min(most, Math.max(least, value)) : undefined;
    },
    write: (value) => [String(value)],
  };
}

export function flag(fallback = false): Param<boolean> {
  return {
    fallback,
    read: (values) => (values[0] === "1" ? true : values[0] === "0" ? false : undefined),
    write: (value) => [value ? "1" : "0"],
  };
}

/** One of some words. */
export function choice<const T extends string>(words: readonly T[], fallback: T): Param<T> {
  return {
    fallback,
    read: (values) => words.find((word) => word === values[0]),
    write: (value) => [value],
  };
}

/** Several values under one name. */
export function list(fallback: readonly string[] = []): Param<readonly string[]> {
  return { fallback, read: (values) => values, write: (value) => [...value] };
}

type Shape = Record<string, Param<never>>;
type Values<S> = { [K in keyof S]: S[K] extends Param<infer T> ? T : never };

export interface Change {
  /** A step that Back undoes; by default the entry in the history is replaced, as for what one types. */
  push?: boolean;
}

export type SetState<S> = (change: Partial<Values<S>>, how?: Change) => void;

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * The values of these parameters, and how to change some of them. Defaults do not stand in the URL, and
 * parameters of others stay as they are. Keep `shape` outside the component.
 */
export function useUrlState<S extends { [K in keyof S]: Param<never> | Param<unknown> | unknown }>(
  shape: S,
): [Values<S>, SetState<S>] {
  const [params, setParams] = useSearchParams();
  const values = useMemo(() => {
    const found: Record<string, unknown> = {};
    for (const [name, param] of Object.entries(shape as unknown as Shape)) {
      const given = params.getAll(name);
      found[name] = (given.length > 0 ? param.read(given) : undefined) ?? param.fallback;
    }
    return found as Values<S>;
  }, [params, shape]);
  const set = useCallback<SetState<S>>(
    (change, how) => {
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(change)) {
            const param = (shape as unknown as Record<string, Param<unknown>>)[name];
            if (!param) continue;
            after.delete(name);
            if (same(value, param.fallback)) continue;
            for (const one of param.write(value)) after.append(name, one);
          }
          return after;
        },
        { replace: !how?.push, preventScrollReset: true },
      );
    },
    [setParams, shape],
  );
  return [values, set];
}
