/**
 * One connection to `/api/live` that is kept up: it resumes after the last commit that it was told, says
 * `reset` when what was missed cannot be known, and says how it stands. Runs in the shared worker, or in the
 * page where a browser has none.
 */
import { Heard } from "./heard.ts";
import { EventParser } from "./sse.ts";

/** Topic -> keys that changed, or "all". */
export type Topics = Record<string, string[] | "all">;
export type Standing = "connecting" | "live" | "lost" | "refused";

export type Told =
  | { kind: "standing"; standing: Standing }
  | { kind: "changed"; commit: number; topics: Topics }
  | { kind: "reset"; commit: number };

const SILENCE = 40_000; // the host says something every 15 s
const WAITS = [500, 1_000, 2_000, 4_000, 8_000];

export class LiveStream {
  #tell: (told: Told) => void;
  #token = "";
  #after: number | null = null;
  #epoch: string | null = null;
  #running: AbortController | null = null;
  #wake: (() => void) | null = null;
  #heard = new Heard();
  standing: Standing = "connecting";

  constructor(tell: (told: Told) => void) {
    this.#tell = tell;
  }

  /** Listen as whoever has this token; the same token again changes nothing. `after`: what the pages show. */
  start(token: string, after: number | null): void {
    if (this.#running && token === this.#token && this.standing !== "refused") return;
    this.stop();
    this.#stand("connecting");
    if (token !== this.#token) {
      this.#epoch = null;
      this.#heard.forget();
    }
    this.#token = token;
    this.#after ??= after;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
  }

  /** What a tab was not told that shows the data of commit `after` and is only now listened for. */
  missed(after: number | null): Told[] {
    return this.#heard.since(after);
  }

  /** The network is back, or the page is looked at again: try now. */
  hurry(): void {
    this.#wake?.();
  }

  #stand(standing: Standing): void {
    if (standing === this.standing) return;
    this.standing = standing;
    this.#tell({ kind: "standing", standing });
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#listen(signal, () => {
          failures = 0;
        });
      } catch {
        // said by the standing below
      }
      if (signal.aborted || this.standing === "refused") return;
      this.#stand("lost");
      await this.#pause(WAITS[Math.min(failures, WAITS.length - 1)] ?? 8_000);
      failures += 1;
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, milliseconds * (0.75 + Math.random() / 2));
      this.#wake = done;
    });
  }

  async #listen(signal: AbortSignal, heard: () => void): Promise<void> {
    const cut = new AbortController();
    const leave = () => cut.abort();
    signal.addEventListener("abort", leave);
    let silence = setTimeout(leave, SILENCE);
    try {
      const response = await fetch(this.#address(), {
        headers: this.#headers(),
        signal: cut.signal,
        cache: "no-store",
      });
      if (response.status === 401 || response.status === 403) {
        this.#stand("refused");
        return;
      }
      if (!response.ok || response.body === null) return;
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      while (true) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(leave, SILENCE);
        heard();
        this.#stand("live");
        for (const one of parser.take(value)) this.#take(one.event, one.data);
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", leave);
      cut.abort();
    }
  }

  #address(): string {
    const asked = new URLSearchParams();
    if (this.#after !== null) asked.set("after", String(this.#after));
    if (this.#after !== null && this.#epoch !== null) asked.set("epoch", this.#epoch);
    const query = asked.toString();
    return query ? `/api/live?${query}` : "/api/live";
  }

  #headers(): Record<string, string> {
    const sent: Record<string, string> = { "X-Kanade-Source": "spa", Accept: "text/event-stream" };
    if (this.#token) sent.Authorization = `Bearer ${this.#token}`;
    return sent;
  }

  #take(event: string, data: string): void {
    const body = JSON.parse(data) as { commit: number; epoch: string; topics?: Topics };
    const first = this.#epoch === null;
    const restarted = !first && this.#epoch !== body.epoch;
    const reset = event === "reset" || restarted;
    if (reset) this.#heard.forget();
    this.#heard.begin(reset ? body.commit : (this.#after ?? body.commit));
    this.#after = body.commit;
    this.#epoch = body.epoch;
    if (reset) this.#tell({ kind: "reset", commit: body.commit });
    else if (body.topics && Object.keys(body.topics).length > 0) {
      const changed = { kind: "changed", commit: body.commit, topics: body.topics } as const;
      this.#heard.keep(changed);
      this.#tell(changed);
    }
  }
}
