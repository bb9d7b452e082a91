import type { Logger } from '../platform/log.ts';
import { forgetIngested } from './catalogue.ts';
import { type IngestContext, ingest, type Outcome, readEntry, setAside } from './ingest.ts';
import type { Spool, SpoolEntry } from './spool.ts';

/** Entries ingested at once. */
const CONCURRENCY = 4;

/** Failures of an entry, with others that went through before each, after which it is set aside. */
const STRIKES = 3;

/** As many more, and it is left alone until the next start. */
const LAST_STRIKE = 2 * STRIKES;

/** Waits between tries while the store or the database does not answer, milliseconds: it goes on soon after they do. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3_000;

/**
 * Takes entries from the spool in the order of their reception and ingests them, several at once, those of one
 * SOPInstanceUID one after the other. What fails stays in the spool and is tried again: a store or a database that is
 * down delays, and nothing is lost.
 */
export class Intake {
  readonly #spool: Spool;
  readonly #context: IngestContext;
  readonly #log: Logger;
  readonly #settled: (outcome: Outcome) => void;
  readonly #taken = new Set<string>();
  /** Entries that an earlier process left, or that failed. */
  readonly #tried = new Map<string, { strikes: number; successesThen: number }>();
  #successes = 0;
  readonly #lastOf = new Map<string, Promise<void>>();
  #reading: Promise<void> = Promise.resolve();
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  #idle: (() => void) | undefined;

  /** @param settled called after each entry that left the spool */
  constructor(spool: Spool, context: IngestContext, log: Logger, settled: (outcome: Outcome) => void) {
    this.#spool = spool;
    this.#context = { ...context, quarantined: (instance) => log.info(instance, 'an instance went to quarantine') };
    this.#log = log;
    this.#settled = settled;
  }

  start(): void {
    for (const { name } of this.#spool.pending()) this.#tried.set(name, { strikes: 0, successesThen: 0 });
    this.#spool.onEntry(() => this.#fill());
    this.#fill();
  }

  /** Takes no more entries, and resolves when those in hand are done or have failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    if (this.#taken.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  #fill(): void {
    if (this.#stopped || this.#retry !== undefined) return;
    for (const entry of this.#spool.pending()) {
      if (this.#taken.size >= CONCURRENCY) return;
      if (this.#taken.has(entry.name)) continue;
      this.#taken.add(entry.name);
      this.#process(entry).finally(() => {
        this.#taken.delete(entry.name);
        if (this.#taken.size === 0) this.#idle?.();
        this.#fill();
      });
    }
  }

  async #process(entry: SpoolEntry): Promise<void> {
    try {
      const outcome = this.#isHopeless(entry) ? await setAside(entry, this.#context) : await this.#inTurn(entry);
      await this.#spool.remove(entry);
      this.#tried.delete(entry.name);
      this.#successes += 1;
      this.#failures = 0;
      this.#settled(outcome);
      if (this.#spool.depth === 0) await this.#forget();
    } catch (error) {
      this.#strike(entry);
      if (this.#strikesOf(entry) >= LAST_STRIKE) this.#leave(entry, error);
      else this.#backOff(error);
    }
  }

  /**
   * An entry that fails again and again while others go through is not waiting for anything: it is set aside in
   * quarantine, so that it neither blocks the spool nor is dropped. While nothing goes through, nothing is concluded.
   */
  #isHopeless(entry: SpoolEntry): boolean {
    return this.#strikesOf(entry) >= STRIKES;
  }

  /** What cannot be set aside either (its file cannot be read, it is larger than the store takes) would hold up every study for good. */
  #leave({ name }: SpoolEntry, error: unknown): void {
    this.#log.error(
      { err: error, entry: name },
      'an instance can be neither taken in nor set aside: it stays in the spool',
    );
    this.#spool.shelve(name);
    this.#tried.delete(name);
  }

  #strikesOf({ name }: SpoolEntry): number {
    return this.#tried.get(name)?.strikes ?? 0;
  }

  #strike(entry: SpoolEntry): void {
    const earlier = this.#tried.get(entry.name) ?? { strikes: 0, successesThen: this.#successes };
    const othersWentThrough = this.#successes > earlier.successesThen;
    const strikes = earlier.strikes + (othersWentThrough ? 1 : 0);
    this.#tried.set(entry.name, { strikes, successesThen: this.#successes });
  }

  /** Reads entries one after the other, so that those of one instance line up in the order of their reception. */
  async #inTurn(entry: SpoolEntry): Promise<Outcome> {
    const read = this.#reading.then(() => readEntry(entry, this.#tried.has(entry.name), this.#context));
    this.#reading = read.then(
      () => {},
      () => {},
    );
    const uid = (await read).reception.facts.SOPInstanceUID;
    const earlier = this.#lastOf.get(uid) ?? Promise.resolve();
    const outcome = earlier.then(() => read).then((ready) => ingest(ready, this.#context));
    const settled = outcome.then(
      () => {},
      () => {},
    );
    this.#lastOf.set(uid, settled);
    try {
      return await outcome;
    } finally {
      if (this.#lastOf.get(uid) === settled) this.#lastOf.delete(uid);
    }
  }

  #backOff(error: unknown): void {
    if (this.#retry !== undefined || this.#stopped) return;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#log.warn({ err: error, waiting: this.#spool.depth, retryInMs: wait }, 'an instance waits in the spool');
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#fill();
    }, wait);
  }

  async #forget(): Promise<void> {
    await forgetIngested(this.#context.database, new Date()).catch(() => {
      // They are forgotten when the spool is empty the next time.
    });
  }
}
