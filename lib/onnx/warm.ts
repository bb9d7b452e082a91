import { openLanes } from './lanes.ts';
import type { Session } from './session.ts';

/** What of a model a session is made of. */
export interface Weights {
  /** SHA-256 of the weights. */
  readonly sha256: string;
  weights(): Promise<Uint8Array>;
}

/** Sessions that a process keeps between calls; the one opened first goes when there are too many. */
export class WarmSessions {
  readonly #kept: number;
  readonly #sessions = new Map<string, Promise<Session>>();

  constructor(kept = 2) {
    this.#kept = kept;
  }

  /**
   * The model, loaded at its first use. One that failed to load or to run is loaded anew at the next.
   *
   * @param lanes inputs that it can work on at once, at most
   * @param flat as of `openSession`
   */
  async of(model: Weights, { lanes = 1, flat = false } = {}): Promise<Session> {
    const key = `${model.sha256}/${lanes}/${flat}`;
    const kept = this.#sessions.get(key);
    if (kept !== undefined) return kept;
    const opened = model.weights().then((weights) => openLanes(weights, lanes, { ...threadsOf(process.env), flat }));
    this.#sessions.set(key, opened);
    const forget = () => this.#sessions.delete(key);
    opened.then((session) => session.ended.then(forget), forget);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > this.#kept && oldest !== undefined) {
      const session = await this.#sessions.get(oldest);
      this.#sessions.delete(oldest);
      await session?.close();
    }
    return opened;
  }

  async close(): Promise<void> {
    const open = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of await Promise.allSettled(open))
      if (session.status === 'fulfilled') await session.value.close();
  }
}

/** `OVERREAD_THREADS`, for machines that others share; else every core. */
function threadsOf(environment: Readonly<Record<string, string | undefined>>): { threads?: number } {
  const threads = Number(environment.OVERREAD_THREADS);
  return Number.isInteger(threads) && threads > 0 ? { threads } : {};
}
