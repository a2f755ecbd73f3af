/** Live events for the page: how the stream stands, and what changed. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { knownCommit } from "./api";
import type { Asked } from "./live.worker";
import { session } from "./session";
import { LiveStream, type Standing, type Told, type Topics } from "./stream";

export type { Standing, Topics };

type Listener = (topics: Topics | "everything") => void;

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
let standing: Standing = "connecting";
let say: ((asked: Asked) => void) | null = null;

function take(told: Told): void {
  if (told.kind === "standing") {
    standing = told.standing;
    for (const watcher of watchers) watcher();
  } else {
    const topics = told.kind === "reset" ? "everything" : told.topics;
    for (const listener of [...listeners]) listener(topics);
  }
}

/** A stream of this page alone, for browsers without shared workers. */
function own(): (asked: Asked) => void {
  const stream = new LiveStream(take);
  return (asked) => {
    if (asked.kind === "hello") stream.start(asked.token, asked.after);
    else if (asked.kind === "hurry") stream.hurry();
    else stream.stop();
  };
}

function shared(): (asked: Asked) => void {
  const worker = new SharedWorker(new URL("./live.worker.ts", import.meta.url), { type: "module" });
  worker.port.onmessage = (message: MessageEvent<Told>) => take(message.data);
  worker.port.start();
  worker.onerror = () => {
    // Its script could not be loaded: better a stream of this page alone than none for as long as it is open.
    say = own();
    hello();
  };
  return (asked) => worker.port.postMessage(asked);
}

/** Begin to listen, as whoever is logged in. Safe to call again. */
export function listen(): void {
  if (say === null) {
    say = typeof SharedWorker === "undefined" ? own() : shared();
    window.addEventListener("pagehide", () => say?.({ kind: "bye" }));
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) hello(); // back from the browser's own cache
    });
    window.addEventListener("online", () => say?.({ kind: "hurry" }));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") say?.({ kind: "hurry" });
    });
    session.subscribe(hello);
  }
  hello();
}

function hello(): void {
  say?.({ kind: "hello", token: session.token, after: knownCommit() });
}

/** Try to connect again now. */
export function reconnect(): void {
  say?.({ kind: "hurry" });
}

/** Hear of every change; answers how to stop. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useStanding(): Standing {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => standing,
  );
}

/** Call `heard` with the keys when this topic changes ("all" when it is not known which). */
export function useLive(topic: string, heard: (keys: string[] | "all") => void): void {
  const newest = useRef(heard);
  newest.current = heard;
  useEffect(
    () =>
      onChange((topics) => {
        if (topics === "everything") newest.current("all");
        else if (topics[topic] !== undefined) newest.current(topics[topic]);
      }),
    [topic],
  );
}
