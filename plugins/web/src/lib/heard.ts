/** The last changes that the stream told, for a tab that comes to it later than its data was asked for. */
import type { Told } from "./stream.ts";

type Changed = Extract<Told, { kind: "changed" }>;

const MOST = 100;

export class Heard {
  #events: Changed[] = [];
  /** Everything after this commit is in `#events`; null: nothing was heard yet. */
  #from: number | null = null;
  #newest = 0;

  /** The stream has begun, to tell what comes after this commit. */
  begin(from: number): void {
    this.#from ??= from;
    this.#newest = Math.max(this.#newest, from);
  }

  /** What was before says nothing any more: another run of the host, another account. */
  forget(): void {
    this.#events = [];
    this.#from = null;
    this.#newest = 0;
  }

  keep(event: Changed): void {
    this.#newest = event.commit;
    this.#events.push(event);
    const gone = this.#events.length > MOST ? this.#events.shift() : undefined;
    if (gone) this.#from = gone.commit;
  }

  /**
   * What a tab that shows the data of commit `after` was not told. Changes that are no commit carry the number
   * of the last one, so events of that very number are told again: they are hints, and cost a request.
   */
  since(after: number | null): Told[] {
    if (after === null || this.#from === null) return [];
    if (after < this.#from) return [{ kind: "reset", commit: this.#newest }];
    return this.#events.filter((one) => one.commit >= after);
  }
}
