import { connect, type Database } from '../lib/database/connection.ts';
import type { Service } from '../lib/platform/lifecycle.ts';
import type { Logger } from '../lib/platform/log.ts';
import type { EventSubscription, ObjectStore } from '../lib/store/store.ts';
import type { ObjectEvent } from '../schemas/store.ts';
import { Caller } from './call.ts';
import { EventLog } from './events.ts';
import { type Invoker, isReachable } from './faas.ts';
import { Forgetting } from './forget.ts';
import { Limit } from './limit.ts';
import { Measures } from './metrics.ts';
import { advancedBy, isNews } from './news.ts';
import { CallQueue } from './queue.ts';
import { Reconciler } from './reconcile.ts';
import { RunTable } from './run-table.ts';
import { Runs } from './runs.ts';
import { becomeSole } from './sole.ts';
import type { ConnectorStatus } from './status.ts';

/** Calls in flight at once, all functions together, where the site does not say (`concurrency.total`). */
const TOTAL_CALLS = 16;

/** Whether old events can be forgotten is asked this often, ms: a day. */
const FORGET_EVERY_MS = 24 * 3600_000;

/** Calls under way when the connector stops are waited for this long, ms; then they are made again by the next one. */
const STOP_GRACE_MS = 5_000;

export interface ConnectorOptions {
  readonly databaseUrl: string;
  readonly store: ObjectStore;
  readonly faas: Invoker;
  /** Address of the OpenFaaS gateway, to ask whether it is there. */
  readonly faasAddress: string;
  /** Calls in flight at once by function; `default` for the others, `total` for all together. */
  readonly concurrency: Readonly<Record<string, number>>;
  /** Events that everybody has read are forgotten after so many days. */
  readonly keepEventsDays: number;
  readonly log: Logger;
  /** The database was lost: nothing may go on, since another connector may be at work now. */
  readonly onLost: () => void;
}

/**
 * The OpenFaaS event connector: hears object events, stores each before it counts as delivered, advances runs and calls
 * functions.
 *
 * event → `EventLog` → `Runs.advance` (reads the run, decides) → `CallQueue` → `Caller` → manifest or failed.json → event …
 *
 * What is true of a run is in the store only. The database remembers what was heard, the queue what is to be called; both
 * may lose or repeat things without harm: every decision is made on the run as the store has it, of which an event's object is
 * read, and all of it wherever an event may be missing.
 */
export class Connector implements Service {
  readonly #options: ConnectorOptions;
  readonly #database: Database;
  readonly #measures = new Measures();
  readonly #events: EventLog;
  readonly #table: RunTable;
  readonly #queue: CallQueue;
  readonly #caller: Caller;
  readonly #runs: Runs;
  readonly #reconciler: Reconciler;
  readonly #forgetting: Forgetting;
  #daily: NodeJS.Timeout | undefined;
  #sole: { release(): Promise<void> } | undefined;
  #subscription: EventSubscription | undefined;
  #lost = false;

  constructor(options: ConnectorOptions) {
    const { store, log, concurrency } = options;
    this.#options = options;
    this.#database = connect(options.databaseUrl, { max: 4 });
    this.#events = new EventLog(this.#database);
    this.#table = new RunTable(this.#database);
    this.#runs = new Runs({
      store,
      table: this.#table,
      log,
      enqueue: (operator, call) => this.#queue.enqueue(operator, call),
      ended: (run) => this.#reconciler.ended(run),
    });
    this.#caller = new Caller({
      store,
      log,
      measures: this.#measures,
      faas: options.faas,
      limit: new Limit(concurrency.total ?? TOTAL_CALLS),
      stillDue: (call) => this.#runs.stillDue(call),
      hasRead: (call) => this.#runs.hasRead(call),
    });
    this.#queue = new CallQueue({
      url: options.databaseUrl,
      database: this.#database,
      log,
      concurrency: (operator) => concurrency[operator] ?? concurrency.default ?? 2,
      handle: async (_operator, call, signal) => {
        await this.#caller.call(call, signal);
        if (!this.#runs.hasRead(call)) this.#runs.advance(call.run);
      },
    });
    this.#forgetting = new Forgetting(this.#database, options.keepEventsDays, log);
    this.#reconciler = new Reconciler({
      store,
      table: this.#table,
      events: this.#events,
      log,
      found: (event) => this.#hear(event, 'listed'),
      advance: (run) => this.#runs.advance(run),
      heardBefore: () => this.#forgetting.heardBefore(),
      compared: async (before) => {
        await this.#forgetting.forget(new Date(), before);
      },
    });
  }

  async start(): Promise<undefined> {
    const { store, databaseUrl, onLost } = this.#options;
    this.#sole = await becomeSole(databaseUrl, () => {
      this.#lost = true;
      onLost();
    });
    await store.prepare();
    await this.#queue.start();
    this.#subscription = await store.subscribe(
      (event) => this.#hear(event, 'new'),
      () => this.#reconciler.gap(),
    );
    await this.#reconciler.start();
    this.#daily = setInterval(() => void this.#compareForForgetting(), FORGET_EVERY_MS);
  }

  /** What is old is forgotten after everything was compared with its listing. */
  async #compareForForgetting(): Promise<void> {
    try {
      if (await this.#forgetting.isDue(new Date())) this.#reconciler.gap();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'old events are not forgotten yet');
    }
  }

  /** Hears and begins nothing more, waits a little for the calls under way, lets go. After a lost database it only lets go. */
  async stop(): Promise<void> {
    const grace = this.#lost ? 0 : STOP_GRACE_MS;
    clearInterval(this.#daily);
    await this.#subscription?.close();
    this.#subscription = undefined;
    this.#runs.close();
    await this.#reconciler.close();
    await this.#queue.stop(grace);
    await this.#sole?.release();
    await this.#database.close();
  }

  /** Where the connector stands, for people and for the supervisor. */
  async status(): Promise<ConnectorStatus> {
    const [count, queues, deadLetters, faas] = await Promise.all([
      this.#table.count(),
      this.#queue.depth(),
      this.#table.deadLetters(),
      isReachable(this.#options.faasAddress),
    ]);
    return {
      listening: this.#subscription !== undefined,
      faas,
      activeRuns: count.active,
      deadLetters,
      queues,
      notYet: [...this.#caller.waiting.values()],
    };
  }

  /** Metrics in Prometheus's text format. */
  async metrics(): Promise<string> {
    const [count, queues] = await Promise.all([this.#table.count(), this.#queue.depth()]);
    return this.#measures.text({
      activeRuns: count.active,
      deadLetters: count.deadLetters,
      queues,
      notYet: [...this.#caller.waiting.values()],
    });
  }

  /**
   * The run is read while its event is being stored: reading needs no event, and being read once more than needed does no
   * harm. Only when the event is durable does it count as delivered.
   */
  async #hear(event: ObjectEvent, kind: 'new' | 'listed'): Promise<void> {
    if (!isNews(event)) return;
    const run = advancedBy(event);
    if (run !== undefined) this.#runs.advance(run, kind === 'new' ? event.key : undefined);
    const isNew = await this.#events.store(event);
    this.#measures.heard(event.bucket, isNew ? kind : 'doubled');
  }
}
