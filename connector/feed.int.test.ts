import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Database } from '../lib/database/connection.ts';
import { endKey, retryKey, runKey } from '../lib/runs/keys.ts';
import type { Bucket } from '../schemas/store.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { EventLog } from './events.ts';
import { followEvents, holdsRun, type StoredEvent } from './feed.ts';
import { RunTable } from './run-table.ts';

const RUN = 'a'.repeat(64);
const MOMENT = '2026-01-01T00:00:00.000Z';

const anEvent = (key: string, bucket: Bucket = 'results') => ({
  bucket,
  key,
  eventTime: MOMENT,
  deduplicationKey: `${bucket}/${key}`,
});

describe('stored events', () => {
  let server: TestPostgres;
  let database: Database;
  let closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startTestPostgres();
  });
  beforeEach(async () => {
    database = connect(await server.fresh());
    closing = [() => database.close()];
  });
  afterEach(async () => {
    for (const close of closing.reverse()) await close();
  });
  afterAll(() => server.stop());

  const follow = (options: { after?: number; buckets?: Bucket[] }, handler: (event: StoredEvent) => Promise<void>) => {
    const { after = 0, buckets = ['results'] } = options;
    const following = followEvents(database, { after, buckets }, handler);
    closing.push(following.close);
    return following;
  };

  /** Resolves with the keys when `count` events came. */
  const keysOf = (count: number, options: { after?: number; buckets?: Bucket[] } = {}) =>
    new Promise<StoredEvent[]>((resolve) => {
      const events: StoredEvent[] = [];
      follow(options, async (event) => {
        events.push(event);
        if (events.length === count) resolve(events);
      });
    });

  it('are stored once, however often they are delivered', async () => {
    const log = new EventLog(database);
    const results = await Promise.all([log.store(anEvent('a')), log.store(anEvent('a')), log.store(anEvent('b'))]);
    expect(results).toEqual([true, false, true]);
    expect(await log.store(anEvent('b'))).toBe(false);
  });

  it('come in order to who follows, those from before and those from now on, only of the buckets asked for', async () => {
    const log = new EventLog(database);
    await log.store(anEvent('before'));
    const coming = keysOf(3);
    await log.store(anEvent('elsewhere', 'feedback'));
    await log.store(anEvent('now'));
    await log.store(anEvent('then'));
    const events = await coming;
    expect(events.map(({ key }) => key)).toEqual(['before', 'now', 'then']);
    expect(events[0]).toEqual({ id: 1, bucket: 'results', key: 'before', eventTime: new Date(MOMENT) });
  });

  it('go on behind the cursor', async () => {
    const log = new EventLog(database);
    for (const key of ['a', 'b', 'c']) await log.store(anEvent(key));
    const [, second] = await keysOf(3);
    const rest = await keysOf(1, { after: second?.id ?? 0 });
    expect(rest.map(({ key }) => key)).toEqual(['c']);
  });

  it('come again until the handler has taken them, and nothing overtakes them', async () => {
    const log = new EventLog(database);
    await log.store(anEvent('a'));
    await log.store(anEvent('b'));
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      follow({}, async ({ key }) => {
        seen.push(key);
        if (seen.length === 1) throw new Error('not now');
        if (key === 'b') resolve();
      });
    });
    expect(seen).toEqual(['a', 'a', 'b']);
  });

  it('are all given where many writers store at once: none with a lower cursor comes after a higher one', async () => {
    const logs = Array.from({ length: 8 }, () => new EventLog(database));
    const coming = keysOf(8 * 100);
    await Promise.all(
      logs.flatMap((log, writer) =>
        Array.from({ length: 100 }, (_, index) => log.store(anEvent(`${writer}/${index}`))),
      ),
    );
    const ids = (await coming).map(({ id }) => id);
    expect(new Set(ids).size).toBe(800);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it('are not overtaken by one that was stored while they waited for their commit', async () => {
    const [slow, fast] = [new EventLog(database), new EventLog(database)];
    const { sql } = database;
    await sql.unsafe(`
      create function hold() returns trigger language plpgsql as
        $$ begin perform pg_advisory_xact_lock(42); return new; end $$;
      create trigger hold before insert on connector.event
        for each row when (new.key = 'slow') execute function hold()`);
    const waiting = async () =>
      (
        await sql`select 1 from pg_locks where locktype = 'advisory' and not granted and database =
        (select oid from pg_database where datname = current_database())`
      ).length;
    const seen: string[] = [];
    const bothSeen = new Promise<void>((resolve) => {
      follow({}, async ({ key }) => {
        if (seen.push(key) === 2) resolve();
      });
    });
    await sql.begin(async (holder) => {
      await holder`select pg_advisory_xact_lock(42)`;
      void slow.store(anEvent('slow'));
      while ((await waiting()) < 1);
      void fast.store(anEvent('fast'));
      // Either the second waits as well, or it was given before the first, which is then never given.
      while ((await waiting()) < 2 && seen.length === 0);
    });
    await bothSeen;
    expect(seen).toEqual(['slow', 'fast']);
  });

  it('do not wait for a transaction of somebody else that stays open', async () => {
    const log = new EventLog(database);
    await database.sql.begin(async (sql) => {
      await sql`select pg_current_xact_id()`;
      await log.store(anEvent('a'));
      expect((await keysOf(1)).map(({ key }) => key)).toEqual(['a']);
    });
  });

  it('make the connector hold the run they begin, and take one up again that was ended', async () => {
    const log = new EventLog(database);
    const table = new RunTable(database);
    expect(await holdsRun(database, RUN)).toBe(false);
    await log.store(anEvent(runKey(RUN), 'runs'));
    expect(await holdsRun(database, RUN)).toBe(true);
    await table.ended(RUN, { status: 'failed', reason: 'No.', step: 'parse', endedAt: MOMENT, retries: 0 }, 'hips');
    expect(await table.deadLetters()).toMatchObject([{ run: RUN, pipeline: 'hips', step: 'parse', reason: 'No.' }]);
    expect(await table.active()).toEqual([]);
    await log.store(anEvent(retryKey(RUN, 1), 'runs'));
    expect(await table.active()).toEqual([{ id: RUN, pipeline: 'hips' }]);
    expect(await table.count()).toEqual({ active: 1, deadLetters: 0 });
  });

  it('are missing for objects that are newer than anything heard of them', async () => {
    const log = new EventLog(database);
    await log.store(anEvent(endKey(RUN), 'runs'));
    const listed = (key: string, lastModified: string) => ({
      bucket: 'runs' as const,
      key,
      size: 1,
      lastModified: new Date(lastModified),
    });
    const missing = await log.missing([
      listed(endKey(RUN), '2026-01-01T00:00:01.000Z'),
      listed(endKey(RUN), '2026-01-01T00:01:00.000Z'),
      listed(runKey(RUN), MOMENT),
    ]);
    expect(missing.map(({ key, eventTime }) => [key, eventTime])).toEqual([
      [endKey(RUN), '2026-01-01T00:01:00.000Z'],
      [runKey(RUN), MOMENT],
    ]);
    for (const event of missing) expect(await log.store(event)).toBe(true);
    expect(await log.missing([listed(endKey(RUN), '2026-01-01T00:01:00.000Z'), listed(runKey(RUN), MOMENT)])).toEqual(
      [],
    );
  });
});
