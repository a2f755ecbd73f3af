/** One upload: how far it is, and a way to end it. */
import { useCallback, useEffect, useRef, useState } from "react";
import { reason } from "../../design/toast";
import { type Upload, upload } from "../../lib/upload";

export interface Uploading<T> {
  /** Between 0 and 1; null while nothing is on its way. */
  share: number | null;
  /** What went wrong, in the server's words. */
  problem: string | null;
  start: (to: string, file: File, after: (stored: T) => void) => void;
  cancel: () => void;
}

export function useUploading<T>(): Uploading<T> {
  const [share, setShare] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const going = useRef<Upload<T> | null>(null);
  // Who leaves the page gives it up: a file that is half there is never shown to agents.
  useEffect(() => () => going.current?.cancel(), []);
  const start = useCallback((to: string, file: File, after: (stored: T) => void) => {
    setProblem(null);
    setShare(0);
    const made = upload<T>(to, file, setShare);
    going.current = made;
    made.done
      .then(after, (error: unknown) => {
        const given = error instanceof DOMException && error.name === "AbortError";
        setProblem(given ? null : reason(error));
      })
      .finally(() => {
        going.current = null;
        setShare(null);
      });
  }, []);
  const cancel = useCallback(() => going.current?.cancel(), []);
  return { share, problem, start, cancel };
}
