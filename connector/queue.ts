import { PgBoss } from 'pg-boss';
import type { Database } from '../lib/database/connection.ts';
import type { Logger } from '../lib/platform/log.ts';
import { PreparedClient } from './prepared-client.ts';

/** One call that is to be made. */
export interface QueuedCall {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
}

/** Calls of one function that have not ended. */
export interface QueueDepth {
  readonly operator: string;
  readonly waiting: number;
  readonly active: number;
}

/** PostgreSQL schema of pg-boss. */
const QUEUE_SCHEMA = 'connector_queue';

/** pg-boss looks by itself this often, should a notification be lost, s. */
const POLL_SECONDS = 10;

/** Longest time of one job, s: the call's own deadline is shorter, the wait for a function that is not there may not be. */
const EXPIRE_SECONDS = 23 * 3600;

const HEARTBEAT_SECONDS = 10;

/** An ended job is kept this long, s. */
const KEEP_SECONDS = 3600;

export interface CallQueueOptions {
  readonly url: string;
  readonly database: Database;
  readonly log: Logger;
  /** Calls in flight at once for a function. */
  readonly concurrency: (operator: string) => number;
  /** Makes a call; when it throws, whoever reads the run again enqueues it again. */
  readonly handle: (operator: string, call: QueuedCall, signal: AbortSignal) => Promise<void>;
}

/**
 * The calls to be made, durably, a queue for each function. The queue spreads and limits work; it is never asked what the
 * state of a run is. So a job is tried once: what it leaves undone is found by reading the run again and enqueued anew.
 * A call is in the queue at most once, by its run, step and attempt.
 *
 * Since nothing depends on it, the queue's commits do not wait for the disk (`synchronous_commit`): 3 ms less for each step,
 * measured; when PostgreSQL crashes, the last half second of the queue may be lost, and is enqueued again at the restart.
 */
export class CallQueue {
  readonly #options: CallQueueOptions;
  readonly #boss: PgBoss;
  readonly #served = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: CallQueueOptions) {
    this.#options = options;
    const handedOn = { Client: PreparedClient };
    this.#boss = new PgBoss({
      ...handedOn,
      connectionString: options.url,
      schema: QUEUE_SCHEMA,
      application_name: 'overread-connector-queue',
      options: '-c synchronous_commit=off',
      useListenNotify: true,
      schedule: false,
      max: 8,
      superviseIntervalSeconds: 10,
      monitorIntervalSeconds: 10,
    });
    this.#boss.on('error', (error) => options.log.warn({ err: error }, 'the queue reports an error'));
  }

  /**
   * Opens the queue. Calls that are active belong to a connector that is gone (we are the only one): they are taken out,
   * and come back when their runs are read again.
   */
  async start(): Promise<void> {
    await this.#boss.start();
    const left = await this.#options.database.sql<{ name: string; id: string }[]>`
      select name, id from ${this.#options.database.sql(QUEUE_SCHEMA)}.job where state = 'active'`;
    for (const { name, id } of left) await this.#boss.cancel(name, id);
    for (const { name } of await this.#boss.getQueues()) await this.#serve(name);
  }

  /** Puts a call into the queue of its function; false where it is there already, waiting or under way. */
  async enqueue(operator: string, call: QueuedCall): Promise<boolean> {
    await this.#serve(operator);
    const id = await this.#boss.send(operator, call, { singletonKey: `${call.run}/${call.step}/${call.attempt}` });
    return id !== null;
  }

  /** Calls by function: waiting in the queue, and under way. */
  async depth(): Promise<readonly QueueDepth[]> {
    const { sql } = this.#options.database;
    return await sql<QueueDepth[]>`
      select name as operator, count(*) filter (where state < 'active')::int as waiting,
        count(*) filter (where state = 'active')::int as active
      from ${sql(QUEUE_SCHEMA)}.job where state <= 'active' group by name order by name`;
  }

  /** Takes no more calls, gives those under way `graceMs`, then ends them. */
  async stop(graceMs: number): Promise<void> {
    const end = setTimeout(() => this.#stopping.abort(new Error('The connector stops.')), graceMs);
    await this.#boss.stop({ graceful: true, timeout: graceMs + 1_000 });
    clearTimeout(end);
  }

  #serve(operator: string): Promise<void> {
    const serving = this.#served.get(operator) ?? this.#open(operator);
    this.#served.set(operator, serving);
    serving.catch(() => this.#served.delete(operator));
    return serving;
  }

  /**
   * A worker for each call that may be in flight. Each looks again at once after a call: notifications that came while all
   * were busy woke nobody, and the next look of their own is seconds away.
   */
  async #open(operator: string): Promise<void> {
    await this.#boss.createQueue(operator, {
      policy: 'exclusive',
      notify: true,
      retryLimit: 0,
      expireInSeconds: EXPIRE_SECONDS,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      deleteAfterSeconds: KEEP_SECONDS,
    });
    for (let number = 0; number < this.#options.concurrency(operator); number++) {
      let worker = '';
      worker = await this.#boss.work<QueuedCall>(
        operator,
        { batchSize: 1, notifyPollingIntervalSeconds: POLL_SECONDS },
        async (jobs) => {
          try {
            for (const { data, signal } of jobs) {
              await this.#options.handle(operator, data, AbortSignal.any([signal, this.#stopping.signal]));
            }
          } finally {
            this.#boss.notifyWorker(worker);
          }
        },
      );
    }
  }
}
