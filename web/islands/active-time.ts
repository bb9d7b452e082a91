/** Acts that lie further apart than this have idle time between them, ms. */
export const IDLE_AFTER_MS = 30_000;

/** Adds up time in which somebody does something: acts at most `IDLE_AFTER_MS` apart belong together. */
export class ActiveTime {
  #active = 0;
  #last: number;

  /** @param now when it begins, which counts as an act; ms of any clock that only goes forward */
  constructor(now: number) {
    this.#last = now;
  }

  act(now: number): void {
    const since = now - this.#last;
    if (since <= IDLE_AFTER_MS) this.#active += since;
    this.#last = now;
  }

  /** Nobody looks: the time from now on counts again with the next act. */
  pause(now: number): void {
    this.act(now);
    this.#last = Number.NEGATIVE_INFINITY;
  }

  /** Active time up to the last act, ms. */
  get milliseconds(): number {
    return this.#active;
  }
}
