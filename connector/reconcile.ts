import type { Logger } from '../lib/platform/log.ts';
import type { ObjectStore, ObjectSummary } from '../lib/store/store.ts';
import type { Bucket, ObjectEvent } from '../schemas/store.ts';
import type { EventLog } from './events.ts';
import { isNews } from './news.ts';
import type { HeldRun, RunTable } from './run-table.ts';

/** What goes on is compared with its listing this often, ms, and in at most a tenth of the time. */
const ROUND_MS = 5_000;
const ROUND_SHARE = 10;

/** Least pause between two rounds, whatever asks for the next, ms. */
const BREATH_MS = 1_000;

/** Runs that nobody told us of are looked for this often, ms, and in at most a twentieth of the time. */
const NEW_RUNS_MS = 10_000;
const NEW_RUNS_SHARE = 20;

/** The event of an object younger than this may be under way, ms. */
const UNDER_WAY_MS = 3_000;

/** A run is looked through for its last objects (its result, its ending) so long after its end, ms. */
const LAST_LOOK_MS = UNDER_WAY_MS + 500;

/** After a start and after a gap, the last objects of runs that ended this lately are looked for, ms. */
const ENDED_MS = 120_000;

/** Runs that ended badly are looked through for a request to try them again when they ended this lately, ms. */
const RETRIED_MS = 30 * 24 * 3600_000;

/** Names or objects compared at once. */
const PAGE = 1_000;

export interface ReconcilerOptions {
  readonly store: ObjectStore;
  readonly table: Pick<RunTable, 'active' | 'endedSince' | 'endedBadly' | 'unknown'>;
  readonly events: Pick<EventLog, 'missing'>;
  readonly log: Logger;
  /** Given each event that was missing: it goes the way of all events from there. */
  readonly found: (event: ObjectEvent) => Promise<void>;
  /** Reads a run again. */
  readonly advance: (run: string) => void;
  /** Objects from before this moment count as heard of, whether an event is kept of them or not. */
  readonly heardBefore: () => Promise<Date | undefined>;
  /** Told when everything was compared with its listing, with the moment before which no event can be missing. */
  readonly compared: (before: Date) => Promise<void>;
}

/**
 * Finds by listing what no event told, so that a lost event delays a run by seconds and loses nothing: what is missing
 * becomes an event. Every few seconds only what is cheap is listed: the objects of runs that go on, and the names of runs
 * that nobody told us of. Those of a run that ended are listed once more, a moment later. After a start and after a gap,
 * when events may be missing for anything, results and feedback are listed as a whole.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  /** When everything is to be looked through, by a clock that nobody sets, ms; infinite where nothing asks for it. */
  #sweepAt = Number.POSITIVE_INFINITY;
  /** Another gap was told of since. */
  #sweepAgain = false;
  #newRunsAt = 0;
  /** Last looks at runs that ended: to come, and under way. */
  readonly #lastLooks = new Map<string, NodeJS.Timeout>();
  readonly #looking = new Set<Promise<void>>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Reads every run again that goes on, then looks for what is missing, again and again. */
  async start(): Promise<void> {
    for (const { id } of await this.#options.table.active()) this.#options.advance(id);
    this.gap();
  }

  /** Events may be missing: looks through everything as soon as those under way must have arrived. */
  gap(): void {
    if (Number.isFinite(this.#sweepAt)) {
      this.#sweepAgain = true;
      return;
    }
    this.#sweepAt = performance.now() + UNDER_WAY_MS;
    this.#lookIn(UNDER_WAY_MS);
  }

  /** A run has ended, and nothing will come after its last events: looks soon whether one of them is missing. */
  ended(run: HeldRun, pause = LAST_LOOK_MS): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#lastLooks.get(run.id));
    const look = () => {
      this.#lastLooks.delete(run.id);
      const looking = this.#compareRun(run)
        .catch(() => this.ended(run, ROUND_MS))
        .finally(() => this.#looking.delete(looking));
      this.#looking.add(looking);
    };
    this.#lastLooks.set(run.id, setTimeout(look, pause));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    for (const timer of this.#lastLooks.values()) clearTimeout(timer);
    await Promise.all([this.#round, ...this.#looking]);
  }

  #lookIn(pause: number): void {
    clearTimeout(this.#timer);
    if (this.#closing.signal.aborted || this.#round !== undefined) return;
    this.#timer = setTimeout(() => {
      const began = performance.now();
      this.#round = this.#look()
        .catch((error: unknown) => this.#options.log.warn({ err: error }, 'reconciliation failed; it is tried again'))
        .finally(() => {
          this.#round = undefined;
          this.#lookIn(this.#pauseAfter(performance.now() - began));
        });
    }, pause);
  }

  /** Nothing is looked through all the time, however much there is; what a gap asks for is not kept waiting. */
  #pauseAfter(took: number): number {
    const usual = Math.max(ROUND_MS, took * ROUND_SHARE);
    return Math.max(BREATH_MS, Math.min(usual, this.#sweepAt - performance.now()));
  }

  async #look(): Promise<void> {
    const { table, advance } = this.#options;
    const [began, now] = [Date.now(), performance.now()];
    const sweeping = now >= this.#sweepAt;
    for (const run of await table.active()) {
      await this.#compareRun(run);
      advance(run.id);
    }
    if (sweeping || now >= this.#newRunsAt) await this.#lookForRuns(sweeping);
    if (!sweeping) return;
    for (const run of await table.endedSince(new Date(began - ENDED_MS))) await this.#compareRun(run);
    const heard = await this.#options.heardBefore();
    await this.#compare('results', '', heard);
    await this.#compare('feedback', '', heard);
    if (this.#closing.signal.aborted) return;
    await this.#options.compared(new Date(began - UNDER_WAY_MS));
    this.#sweepAt = this.#sweepAgain ? performance.now() + UNDER_WAY_MS : Number.POSITIVE_INFINITY;
    this.#sweepAgain = false;
  }

  async #compareRun({ id, pipeline }: HeldRun): Promise<void> {
    const heard = await this.#options.heardBefore();
    await this.#compare('runs', `${id}/`, heard);
    if (pipeline !== null) await this.#compare('results', `${pipeline}/${id}/`, heard);
  }

  /** Runs that are not held, and requests to try an ended one again. */
  async #lookForRuns(sweeping: boolean): Promise<void> {
    const { store, table } = this.#options;
    const began = performance.now();
    for await (const names of pages(store.listPrefixes('runs', ''))) {
      for (const id of await table.unknown(names.map((name) => name.slice(0, -1)))) {
        // Whatever its age: nobody has heard of this run, or the database was lost.
        await this.#compare('runs', `${id}/`);
      }
    }
    const since = new Date(Date.now() - RETRIED_MS);
    const heard = await this.#options.heardBefore();
    for (const id of await table.endedBadly(since, sweeping)) await this.#compare('runs', `${id}/retries/`, heard);
    const now = performance.now();
    this.#newRunsAt = now + Math.max(NEW_RUNS_MS, (now - began) * NEW_RUNS_SHARE);
  }

  /** Makes an event of every object below the prefix whose creation was not heard of. @param heard as `EventLog.missing` takes it */
  async #compare(bucket: Bucket, prefix: string, heard?: Date): Promise<void> {
    const { store, events, found, log } = this.#options;
    const young = Date.now() - UNDER_WAY_MS;
    for await (const page of pages(store.list(bucket, prefix))) {
      if (this.#closing.signal.aborted) return;
      const announced = page.filter((object) => isNews(object) && object.lastModified.getTime() <= young);
      const missing = await events.missing(announced, heard);
      for (const event of missing) await found(event);
      if (missing.length > 0) log.info({ bucket, prefix, missing: missing.length }, 'events were missing');
    }
  }
}

async function* pages<Item extends string | ObjectSummary>(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let page: Item[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
