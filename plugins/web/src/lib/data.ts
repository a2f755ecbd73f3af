/** What the server says, cached, and asked for again when a live event says that it changed. */
import {
  keepPreviousData,
  QueryClient,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { toast } from "../design/toast";
import { ApiError, api, type Query, Unreachable } from "./api";
import { onChange, type Topics, useStanding } from "./live";

declare module "@tanstack/react-query" {
  interface Register {
    queryMeta: { topics?: readonly string[] };
  }
}

/** No request is repeated that the server understood and refused. */
function again(count: number, error: Error): boolean {
  const passing = error instanceof Unreachable || (error instanceof ApiError && error.status === 503);
  return passing && count < 2;
}

export const client = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 10_000, gcTime: 300_000, retry: again, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
});

const GATHER = 250; // a change is seen within a second, and a busy fleet does not make requests one after another
let waiting: Map<string, true> | "everything" = new Map();
let timer: ReturnType<typeof setTimeout> | null = null;

function gather(topics: Topics | "everything"): void {
  if (topics === "everything") waiting = "everything";
  else if (waiting !== "everything") for (const topic of Object.keys(topics)) waiting.set(topic, true);
  if (timer === null) timer = setTimeout(flush, GATHER);
}

function flush(): void {
  timer = null;
  const changed = waiting;
  waiting = new Map();
  let busy = false;
  void client.invalidateQueries({
    predicate: (query) => {
      const topics = query.meta?.topics ?? [];
      const hit =
        changed === "everything" ||
        topics.some((topic) => changed.has(topic)) ||
        (topics.includes("*") && changed.size > 0);
      // What is on its way is asked again afterwards: cancelling it would starve a busy page.
      if (hit && query.state.fetchStatus === "fetching") {
        busy = true;
        return false;
      }
      return hit;
    },
  });
  if (!busy) return;
  if (changed === "everything") gather("everything");
  else refresh([...changed.keys()]);
}

/** Ask again for what live events say has changed, as long as the component is there. */
export function useLiveInvalidation(): void {
  useEffect(() => onChange(gather), []);
  const standing = useStanding();
  useEffect(() => {
    // The stream is refused before any request is: a request finds out what the server says to that.
    if (standing === "refused") void client.invalidateQueries({ queryKey: ["/api/principal"] });
  }, [standing]);
}

export interface ApiOptions<T> {
  query?: Query;
  /** Live topics that the answer depends on; "*" is any change at all. */
  topics?: readonly string[];
  enabled?: boolean;
  /** Show the answer to the last query until the next one is there (lists whose filter changes). */
  keep?: boolean;
  /** Ask again every so many seconds; only for what changes by the clock alone. */
  everySeconds?: number;
  text?: boolean;
  select?: (data: T) => T;
}

/** What `GET path` answers. */
export function useApi<T>(path: string, options: ApiOptions<T> = {}): UseQueryResult<T> {
  return useQuery<T>({
    queryKey: [path, options.query ?? {}],
    queryFn: ({ signal }) => api.get<T>(path, { query: options.query, signal, text: options.text }),
    meta: { topics: options.topics ?? [] },
    enabled: options.enabled ?? true,
    placeholderData: options.keep ? keepPreviousData : undefined,
    refetchInterval: options.everySeconds ? options.everySeconds * 1_000 : false,
    select: options.select,
  });
}

/** Ask again for what is about these topics, where no live event will say so. */
export function refresh(topics: readonly string[]): void {
  gather(Object.fromEntries(topics.map((topic) => [topic, "all"])));
}

export interface Action<V, R> {
  run: (input: V) => Promise<R>;
  /** Said in a toast when it is done. */
  done?: string | ((result: R, input: V) => string);
  /** Topics to ask again at once, where no live event will say so. */
  touches?: readonly string[];
  /** What follows: going to what was made, closing a dialog. */
  after?: (result: R, input: V) => void;
}

/** Something that the user does. What the server refuses is shown in its words. */
export function useAction<V = void, R = unknown>(action: Action<V, R>): UseMutationResult<R, Error, V> {
  return useMutation<R, Error, V>({
    mutationFn: action.run,
    onSuccess: (result, input) => {
      const { done, touches, after } = action;
      if (done) toast.done(typeof done === "string" ? done : done(result, input));
      if (touches) refresh(touches);
      after?.(result, input);
    },
    onError: (error) => toast.failed(error),
  });
}
