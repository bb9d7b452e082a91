import { setTimeout as sleep } from 'node:timers/promises';

/** What took longer is kept for a while: nobody should wait for the figures of 100,000 exams at each look. */
const LONG_MS = 300;

/**
 * How old something kept may be before the next look has it made anew, behind the scenes: at least so old, and so many
 * times as long as it took, so that the figures leave the machine to other work.
 */
const FRESH_MS = 30_000;
const FRESH_TIMES = 10;

interface Slot<Value> {
  kept: { readonly value: Value; readonly at: number; readonly tookMs: number } | undefined;
  making: Promise<Value> | undefined;
}

/**
 * Things that are made by computing for long, by name: made at each look where that is quick; else kept.
 *
 * @example
 * const keeper = new Keeper<Report>((error) => log.error({ err: error }, 'cannot be made anew'));
 * const report = await keeper.get('hips 1.0.0', () => makeReport('hips'));
 */
export class Keeper<Value> {
  readonly #slots = new Map<string, Slot<Value>>();
  readonly #onError: (error: unknown) => void;
  readonly #clock: () => number;

  /**
   * @param onError told of what goes wrong behind the scenes
   * @param clock ms; for tests
   */
  constructor(onError: (error: unknown) => void, clock: () => number = () => performance.now()) {
    this.#onError = onError;
    this.#clock = clock;
  }

  /** What is kept, or is made now however long it takes. */
  async get(name: string, make: () => Promise<Value>, anew = false): Promise<Value> {
    const slot = this.#slot(name);
    const { kept } = slot;
    if (anew) await slot.making?.catch(() => {});
    if (anew || kept === undefined || kept.tookMs < LONG_MS) return this.#make(slot, make);
    if (this.#clock() - kept.at > Math.max(FRESH_MS, FRESH_TIMES * kept.tookMs)) {
      this.#make(slot, make).catch(this.#onError);
    }
    return kept.value;
  }

  /** The same for who waits only so long: then what is kept, or undefined, and the making goes on. */
  async getSoon(
    name: string,
    make: () => Promise<Value>,
    anew: boolean,
    patienceMs: number,
  ): Promise<Value | undefined> {
    const getting = this.get(name, make, anew);
    const giving = new AbortController();
    const late = Symbol('late');
    const patience = sleep(patienceMs, late, { signal: giving.signal }).catch(() => late);
    const first = await Promise.race([getting, patience]).finally(() => giving.abort());
    if (first !== late) return getting;
    getting.catch(this.#onError);
    return this.#slot(name).kept?.value;
  }

  #slot(name: string): Slot<Value> {
    const slot = this.#slots.get(name) ?? { kept: undefined, making: undefined };
    this.#slots.set(name, slot);
    return slot;
  }

  /** Once for all who ask meanwhile. */
  #make(slot: Slot<Value>, make: () => Promise<Value>): Promise<Value> {
    const begun = this.#clock();
    slot.making ??= make()
      .then((value) => {
        const at = this.#clock();
        slot.kept = { value, at, tookMs: at - begun };
        return value;
      })
      .finally(() => {
        slot.making = undefined;
      });
    return slot.making;
  }
}
