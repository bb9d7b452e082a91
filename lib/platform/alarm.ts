/** Waits after failures, doubled from the first to the last, ms: what failed works again soon after its cause is gone. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3_000;

/** Longest time a timer can hold (2^31 - 1 ms); a later moment is waited for in pieces. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Does work at the moments that the work itself names: nothing is polled, and nothing is kept here that a restart could
 * lose, since the first thing an alarm does is to ask. Work that fails is done again after a growing wait.
 */
export class Alarm {
  readonly #work: (now: Date) => Promise<Date | undefined>;
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #failures = 0;

  /**
   * @param work does what is due at `now` and answers when it wants to be called next; undefined: when woken
   * @param failed told of each failure
   */
  constructor(work: (now: Date) => Promise<Date | undefined>, failed: (error: unknown) => void) {
    this.#work = work;
    this.#failed = failed;
  }

  /**
   * Something changed: look. Also the start.
   *
   * @param withinMs how long that can wait: many calls in that time are one look
   */
  wake(withinMs = 0): void {
    if (this.#stopped) return;
    if (withinMs > 0) {
      this.#setTimer(withinMs);
      return;
    }
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again) {
        this.#again = false;
        this.wake();
      }
    });
  }

  /** Does no more; resolves when the work in hand is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      const next = await this.#work(new Date());
      this.#failures = 0;
      if (next !== undefined) this.#setTimer(next.getTime() - Date.now());
    } catch (error) {
      this.#failed(error);
      this.#setTimer(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures));
      this.#failures += 1;
    }
  }

  /** The soonest of several moments counts, by a clock that nobody sets. */
  #setTimer(ms: number): void {
    const at = performance.now() + ms;
    if (this.#stopped || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.wake();
      },
      Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(ms))),
    );
  }
}
