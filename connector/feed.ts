import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../lib/database/connection.ts';
import type { Bucket } from '../schemas/store.ts';

/** Channel on which the connector announces that it has stored events. */
export const FEED_CHANNEL = 'connector_event';

/**
 * Who follows the events, and those of which buckets. Nothing is forgotten before each of them has said that it has dealt
 * with it: a new follower that goes on from a cursor belongs here.
 */
export const FEED_READERS = {
  projection: ['runs', 'results'],
  deliveries: ['results'],
} as const satisfies Readonly<Record<string, readonly Bucket[]>>;
export type FeedReader = keyof typeof FEED_READERS;

/** Events read at once. */
const PAGE = 500;

/** Longest time without looking, in case an announcement was lost with its connection, ms. */
const LOOK_AGAIN_MS = 15_000;

/** Wait before an event is given again to a handler that failed on it, ms. */
const HANDLE_AGAIN_MS = 1_000;

/** "An object was created", as the connector stored it. */
export interface StoredEvent {
  /** The cursor: hand it back as `after` to go on behind this event. */
  readonly id: number;
  readonly bucket: Bucket;
  readonly key: string;
  readonly eventTime: Date;
}

export interface FollowOptions {
  /** Cursor of the last event that was handled; 0 for all of them. */
  readonly after: number;
  /** Only events of these buckets. */
  readonly buckets: readonly Bucket[];
  /** Told when the handler, or reading, failed; the event is given again after a second. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Gives every stored event to `handler`, one after the other in the order of their cursors, now and from now on, woken by
 * NOTIFY. An event is given again until the handler resolves, so whoever stores the cursor in the transaction of its own
 * work handles each event once; the same object may be announced twice all the same (an event that was lost and made up
 * for arrives late), so handlers read the object and are idempotent.
 *
 * No event is skipped: events are stored under one lock, so a lower cursor is never committed after a higher one.
 *
 * @example
 * const following = followEvents(database, { after: cursor, buckets: ['results'] }, async ({ id, key }) => project(key, id));
 * await following.close();
 */
export function followEvents(
  database: Database,
  options: FollowOptions,
  handler: (event: StoredEvent) => Promise<void>,
): { close(): Promise<void> } {
  const { buckets, onError = () => {} } = options;
  const closing = new AbortController();
  let cursor = options.after;
  let wake = () => {};
  let woken = false;
  const notice = () => {
    woken = true;
    wake();
  };

  const untilWoken = () =>
    new Promise<void>((resolve) => {
      if (woken || closing.signal.aborted) return resolve();
      const timer = setTimeout(resolve, LOOK_AGAIN_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const readPage = () => database.sql<StoredEvent[]>`
    select id::float8 as id, bucket, key, event_time as "eventTime" from connector.event
    where id > ${cursor} and bucket = any(${[...buckets]}) order by id limit ${PAGE}`;

  const follow = async () => {
    while (!closing.signal.aborted) {
      woken = false;
      try {
        const page = await readPage();
        for (const event of page) {
          if (closing.signal.aborted) return;
          await handler(event);
          cursor = event.id;
        }
        if (page.length === PAGE) woken = true;
        await untilWoken();
      } catch (error) {
        if (closing.signal.aborted) return;
        onError(error);
        await sleep(HANDLE_AGAIN_MS, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };

  // Heard again after every reconnection, so that what was announced in between is read then.
  const listening = database.sql.listen(FEED_CHANNEL, notice, notice);
  listening.catch(onError);
  const following = follow();
  return {
    close: async () => {
      closing.abort();
      wake();
      await following;
      await listening.then(({ unlisten }) => unlisten()).catch(() => {});
    },
  };
}

/** Says that a reader has dealt for good with every event up to and with this one, so that it may be forgotten. */
export async function notePassed(database: Database, reader: FeedReader, position: number): Promise<void> {
  await database.sql`
    insert into connector.reader (name, position) values (${reader}, ${position})
    on conflict (name) do update set position = excluded.position`;
}

/** Whether the connector has taken a run over: from then on it will end, whatever else is lost. */
export async function holdsRun(database: Database, run: string): Promise<boolean> {
  const rows = await database.sql`select 1 from connector.run where id = ${run}`;
  return rows.length > 0;
}
