import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Database } from '../lib/database/connection.ts';
import { createLog } from '../lib/platform/log.ts';
import type { Bucket } from '../schemas/store.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { EventLog } from './events.ts';
import { followEvents, notePassed } from './feed.ts';
import { Forgetting } from './forget.ts';

const NOW = new Date('2026-06-01T00:00:00.000Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 24 * 3600_000);

describe('old events', () => {
  let server: TestPostgres;
  let database: Database;
  let events: EventLog;
  let forgetting: Forgetting;
  beforeAll(async () => {
    server = await startTestPostgres();
  });
  beforeEach(async () => {
    database = connect(await server.fresh());
    events = new EventLog(database);
    forgetting = new Forgetting(database, 30, createLog('connector', 'silent'));
  });
  afterEach(() => database.close());
  afterAll(() => server.stop());

  /** Stores an event of an object from so many days ago, heard then. @returns its cursor */
  async function heard(bucket: Bucket, key: string, days: number): Promise<number> {
    const eventTime = daysAgo(days).toISOString();
    await events.store({ bucket, key, eventTime, deduplicationKey: `${bucket}/${key}` });
    const [row] = await database.sql<{ id: number }[]>`
      update connector.event set stored_at = ${eventTime} where key = ${key} returning id::float8 as id`;
    return row?.id ?? 0;
  }

  const kept = async () =>
    (await database.sql<{ key: string }[]>`select key from connector.event order by id`).map(({ key }) => key);
  const listed = (bucket: Bucket, key: string, days: number) => ({ bucket, key, size: 1, lastModified: daysAgo(days) });

  it('are kept until every reader of their bucket has passed them', async () => {
    await heard('runs', 'run', 40);
    const result = await heard('results', 'result', 40);
    await heard('feedback', 'answer', 40);
    const later = await heard('results', 'later', 39);
    expect(await forgetting.forget(NOW, NOW), 'nobody reads feedback from a cursor').toBe(1);
    expect(await kept()).toEqual(['run', 'result', 'later']);
    await notePassed(database, 'projection', later);
    expect(await forgetting.forget(NOW, NOW)).toBe(1);
    expect(await kept(), 'who sends results has not come so far').toEqual(['result', 'later']);
    await notePassed(database, 'deliveries', result);
    await forgetting.forget(NOW, NOW);
    expect(await kept()).toEqual(['later']);
  });

  it('are kept for as long as the site says, and until everything was compared with its listing', async () => {
    const last = await heard('results', 'old', 31).then(() => heard('results', 'young', 29));
    for (const reader of ['projection', 'deliveries'] as const) await notePassed(database, reader, last);
    expect(await forgetting.forget(NOW, daysAgo(35)), 'compared too long ago').toBe(0);
    expect(await forgetting.forget(NOW, NOW)).toBe(1);
    expect(await kept()).toEqual(['young']);
    expect(await forgetting.isDue(NOW)).toBe(false);
  });

  it('are not made up for again: their objects count as heard of, newer ones do not', async () => {
    const last = await heard('results', 'old', 40);
    for (const reader of ['projection', 'deliveries'] as const) await notePassed(database, reader, last);
    expect(await forgetting.heardBefore()).toBeUndefined();
    await forgetting.forget(NOW, NOW);
    const before = await forgetting.heardBefore();
    expect(before).toEqual(daysAgo(30));
    const missing = await events.missing([listed('results', 'old', 40), listed('results', 'lost', 3)], before);
    expect(missing.map(({ key }) => key)).toEqual(['lost']);
    await forgetting.forget(NOW, daysAgo(50));
    expect(await forgetting.heardBefore(), 'that moment never goes back').toEqual(daysAgo(30));
  });

  it('that are heard of late are kept, and given to who reads: they were stored now', async () => {
    const last = await heard('results', 'old', 40);
    for (const reader of ['projection', 'deliveries'] as const) await notePassed(database, reader, last);
    const eventTime = daysAgo(40).toISOString();
    const seen = new Promise<string>((resolve) => {
      const following = followEvents(database, { after: last, buckets: ['results'] }, async ({ key }) => {
        resolve(key);
        void following.close();
      });
    });
    await Promise.all([
      events.store({ bucket: 'results', key: 'late', eventTime, deduplicationKey: 'late' }),
      forgetting.forget(NOW, NOW),
    ]);
    expect(await seen).toBe('late');
    expect(await kept()).toEqual(['late']);
  });
});
