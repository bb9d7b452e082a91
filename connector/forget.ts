import type { Database } from '../lib/database/connection.ts';
import type { Logger } from '../lib/platform/log.ts';
import { FEED_READERS } from './feed.ts';

/** Events deleted in one transaction: none is long. */
const BATCH = 5_000;

/** An object may carry another time than its event, by the clocks of two machines, ms. */
const CLOCK_TOLERANCE_MS = 60_000;

const DAY_MS = 24 * 3600_000;

/**
 * Forgets events that are older than the site keeps them and that every reader of the feed has dealt with. What is heard of
 * is known by its event, so before the first is deleted it is written down up to which moment objects count as heard of.
 * That moment is never later than the beginning of a comparison of everything with its listing, which made up for every
 * event that had been lost until then.
 *
 * An event that is committed late cannot be passed over: cursors become visible in order (`events.ts`), and one that is
 * made up for an old object is stored now, and kept as long as any. A rebuild of the index reads the store, not events.
 */
export class Forgetting {
  readonly #database: Database;
  readonly #keepDays: number;
  readonly #log: Logger;

  constructor(database: Database, keepDays: number, log: Logger) {
    this.#database = database;
    this.#keepDays = keepDays;
    this.#log = log;
  }

  /** Whether there is something that is older than it is kept. */
  async isDue(now: Date): Promise<boolean> {
    const rows = await this.#database.sql`
      select from connector.event where stored_at < ${this.#oldest(now)} order by id limit 1`;
    return rows.length > 0;
  }

  /** Objects from before this moment count as heard of. */
  async heardBefore(): Promise<Date | undefined> {
    const [row] = await this.#database.sql<{ before: Date }[]>`select before from connector.forgotten`;
    return row?.before;
  }

  /** Forgets what it may. @param compared when the last comparison of everything began @returns how many events */
  async forget(now: Date, compared: Date): Promise<number> {
    const before = new Date(Math.min(this.#oldest(now).getTime(), compared.getTime()));
    if (!(await this.isDue(now))) return 0;
    await this.#database.sql`
      insert into connector.forgotten (before) values (${before})
      on conflict ("only") do update set before = greatest(connector.forgotten.before, excluded.before)`;
    let deleted = 0;
    for (;;) {
      const batch = await this.#deleteBatch(before);
      deleted += batch;
      if (batch < BATCH) break;
    }
    if (deleted > 0) this.#log.info({ events: deleted }, 'old events are forgotten');
    return deleted;
  }

  #oldest(now: Date): Date {
    return new Date(now.getTime() - this.#keepDays * DAY_MS);
  }

  /** A reader that was never here has dealt with nothing. */
  async #deleteBatch(before: Date): Promise<number> {
    const wanted = Object.entries(FEED_READERS).flatMap(([name, buckets]) =>
      buckets.map((bucket) => ({ name, bucket })),
    );
    const result = await this.#database.sql`
      delete from connector.event where id in (
        select id from connector.event
        where stored_at < ${before} and event_time < ${new Date(before.getTime() - CLOCK_TOLERANCE_MS)}
          and not exists (
            select from unnest(${wanted.map(({ name }) => name)}::text[], ${wanted.map(({ bucket }) => bucket)}::text[])
                as wanted (name, bucket)
              left join connector.reader on reader.name = wanted.name
            where wanted.bucket = event.bucket and coalesce(reader.position, 0) < event.id)
        order by id limit ${BATCH})`;
    return result.count;
  }
}
