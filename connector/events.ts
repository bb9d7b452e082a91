import type { Database } from '../lib/database/connection.ts';
import { ADVISORY_LOCK } from '../lib/database/locks.ts';
import { parseRunKey } from '../lib/runs/keys.ts';
import type { ObjectSummary } from '../lib/store/store.ts';
import type { ObjectEvent } from '../schemas/store.ts';
import { FEED_CHANNEL } from './feed.ts';

/*
 * Events are stored under an advisory lock. A number from a sequence is drawn before its row is
 * committed, so of two writers the one with the lower number may commit last, and whoever had already read the higher one
 * would never see it. Here numbers are drawn under a lock that is held until the commit: they become visible in order.
 * (A reader that waits for the transaction horizon, `pg_snapshot_xmin`, does without a lock, but any long transaction of
 * the database, a backup say, would hold the feed up.)
 */

/** Events stored in one transaction. */
const BATCH = 200;

/** Keys asked for at once when listings are compared with what was stored. */
const PAGE = 1_000;

/** An object may carry a time a little after that of its event, ms. */
const CLOCK_TOLERANCE_MS = 2_000;

interface Waiting {
  readonly event: ObjectEvent;
  readonly resolve: (isNew: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Stores object events durably, each once, in an order that others can follow. Events that come while a transaction is
 * under way share the next one.
 */
export class EventLog {
  readonly #database: Database;
  readonly #waiting: Waiting[] = [];
  #writing = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when the event is durable: true where it was new, false where it had been stored before. */
  store(event: ObjectEvent): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  /**
   * Those of the listed objects whose creation was never heard of, as events to be stored.
   *
   * @param heardBefore objects from before this moment count as heard of: their events are forgotten
   */
  async missing(listed: readonly ObjectSummary[], heardBefore?: Date): Promise<ObjectEvent[]> {
    const missing: ObjectEvent[] = [];
    const objects =
      heardBefore === undefined ? listed : listed.filter(({ lastModified }) => lastModified >= heardBefore);
    for (let start = 0; start < objects.length; start += PAGE) {
      const page = objects.slice(start, start + PAGE);
      const heard = await this.#lastHeard(page);
      for (const { bucket, key, size, lastModified } of page) {
        const last = heard.get(`${bucket}/${key}`);
        if (last !== undefined && last.getTime() >= lastModified.getTime() - CLOCK_TOLERANCE_MS) continue;
        const eventTime = lastModified.toISOString();
        missing.push({ bucket, key, eventTime, deduplicationKey: `listed ${bucket}/${key} ${eventTime} ${size}` });
      }
    }
    return missing;
  }

  async #lastHeard(objects: readonly ObjectSummary[]): Promise<ReadonlyMap<string, Date>> {
    const rows = await this.#database.sql<{ bucket: string; key: string; last: Date }[]>`
      select bucket, key, max(event_time) as last from connector.event
      where (bucket, key) in (
        select * from unnest(${objects.map(({ bucket }) => bucket)}::text[], ${objects.map(({ key }) => key)}::text[]))
      group by bucket, key`;
    return new Map(rows.map(({ bucket, key, last }) => [`${bucket}/${key}`, last]));
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        const isNew = await this.#insert(batch.map(({ event }) => event));
        for (const { event, resolve } of batch) resolve(isNew.delete(event.deduplicationKey));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }

  /** One transaction, its statements sent together. Answers the deduplication keys that were new. */
  async #insert(events: readonly ObjectEvent[]): Promise<Set<string>> {
    const column = (name: keyof ObjectEvent) => events.map((event) => event[name]);
    const { started, retried } = runsOf(events);
    const [, stored] = await this.#database.sql.begin((sql) => [
      sql`select pg_advisory_xact_lock(${ADVISORY_LOCK.events})`,
      sql<{ deduplicationKey: string }[]>`
        insert into connector.event (bucket, key, event_time, deduplication_key)
        select * from unnest(${column('bucket')}::text[], ${column('key')}::text[], ${column('eventTime')}::timestamptz[],
          ${column('deduplicationKey')}::text[])
        on conflict do nothing returning deduplication_key as "deduplicationKey"`,
      ...(started.length === 0
        ? []
        : [sql`insert into connector.run (id) select unnest(${started}::text[]) on conflict do nothing`]),
      ...(retried.length === 0
        ? []
        : [sql`update connector.run set ended_at = null, status = null where id = any(${retried}::text[])`]),
      sql`select pg_notify(${FEED_CHANNEL}, '')`,
    ]);
    return new Set((stored ?? []).map(({ deduplicationKey }) => deduplicationKey));
  }
}

/** The runs that events begin, and those that they take up again: held from the moment the event is stored. */
function runsOf(events: readonly ObjectEvent[]): { started: string[]; retried: string[] } {
  const objects = events.filter(({ bucket }) => bucket === 'runs').map(({ key }) => parseRunKey(key));
  const of = (kind: 'run' | 'retry') => objects.flatMap((object) => (object?.kind === kind ? [object.run] : []));
  return { started: of('run'), retried: of('retry') };
}
