/** One request for each of many things: a few at a time, with progress, and what failed. */
import { useCallback, useRef, useState } from "react";
import { reason } from "../design/toast";

export interface Failed {
  id: string;
  reason: string;
}

export interface Progress {
  done: number;
  total: number;
  failed: Failed[];
  running: boolean;
}

const AT_ONCE = 6;

/** Runs `act` for each id; answers those that failed. Stops after `signal`. */
export async function forEach(
  ids: readonly string[],
  act: (id: string, signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
  tell: (done: number, failed: Failed[]) => void,
): Promise<Failed[]> {
  const failed: Failed[] = [];
  let place = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (place < ids.length && !signal.aborted) {
      const id = ids[place++] as string;
      try {
        await act(id, signal);
      } catch (error) {
        if (!signal.aborted) failed.push({ id, reason: reason(error) });
      }
      done += 1;
      tell(done, failed);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, work));
  return failed;
}

export function useEach() {
  const [progress, setProgress] = useState<Progress | null>(null);
  const going = useRef<AbortController | null>(null);
  const run = useCallback(
    async (
      ids: readonly string[],
      act: (id: string, signal: AbortSignal) => Promise<unknown>,
    ): Promise<Failed[]> => {
      const abort = new AbortController();
      going.current = abort;
      setProgress({ done: 0, total: ids.length, failed: [], running: true });
      let told = 0;
      const failed = await forEach(ids, act, abort.signal, (done, failed) => {
        const now = performance.now();
        if (now - told < 100 && done < ids.length) return;
        told = now;
        setProgress({ done, total: ids.length, failed: [...failed], running: true });
      });
      setProgress((now) => now && { ...now, failed, running: false });
      return failed;
    },
    [],
  );
  const cancel = useCallback(() => going.current?.abort(), []);
  const reset = useCallback(() => setProgress(null), []);
  return { progress, run, cancel, reset };
}
