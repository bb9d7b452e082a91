import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Timings } from '../../schemas/manifest.ts';

type Waiting = 'fetch' | 'store';

/**
 * Where the time of a call goes. Images are read, worked on and stored at once, so the parts cannot be timed one by one;
 * each moment is counted once instead: while this thread works, and while it waits for the model or a codec, it is compute;
 * while it waits and a read or write is under way, it is fetch or store, half each where both are. Parsing and hashing are
 * work of this thread, so they are in compute.
 */
export class StageClock {
  readonly #under = { fetch: 0, store: 0 };
  readonly #waited = { fetch: 0, store: 0 };
  readonly #begun = performance.now();
  #last: EventLoopUtilization = performance.eventLoopUtilization();

  /** Does a piece of reading or writing. */
  async during<T>(stage: Waiting, work: () => Promise<T>): Promise<T> {
    this.#count();
    this.#under[stage]++;
    try {
      return await work();
    } finally {
      this.#count();
      this.#under[stage]--;
    }
  }

  /** The times so far, to a tenth of a millisecond. */
  timings(): Timings {
    this.#count();
    const { fetch, store } = this.#waited;
    const compute = Math.max(0, performance.now() - this.#begun - fetch - store);
    return { fetchMs: tenths(fetch), computeMs: tenths(compute), storeMs: tenths(store) };
  }

  /** Gives the time that the thread has waited since the last count to what was under way. */
  #count(): void {
    const now = performance.eventLoopUtilization();
    const idle = now.idle - this.#last.idle;
    this.#last = now;
    const stages = (['fetch', 'store'] as const).filter((stage) => this.#under[stage] > 0);
    for (const stage of stages) this.#waited[stage] += idle / stages.length;
  }
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
