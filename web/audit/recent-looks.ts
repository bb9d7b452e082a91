/** One look at a study makes hundreds of requests, and a page asks by itself: who looks again within this time is written down once. */
const ONE_LOOK_MS = 10 * 60_000;

/** People and studies that are remembered for that. */
const MOST_LOOKS = 10_000;

/** Remembers who looked at what a while ago. */
export class Looks {
  readonly #since = new Map<string, number>();

  /** @param look who and at what */
  isNew(look: string, nowMs: number): boolean {
    const since = this.#since.get(look);
    if (since !== undefined && Math.abs(nowMs - since) < ONE_LOOK_MS) return false;
    if (this.#since.size >= MOST_LOOKS) this.#since.clear();
    this.#since.set(look, nowMs);
    return true;
  }

  /** It could not be written down: the next one is new. */
  forget(look: string): void {
    this.#since.delete(look);
  }
}
