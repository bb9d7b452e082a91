import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { endKey } from '../../lib/runs/keys.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import { DetectionResult } from '../../schemas/result.ts';
import type { Bucket } from '../../schemas/store.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { findRun, listRuns } from '../runs/runs.ts';
import { makeRun } from '../testing/runs.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { followProjection, runOfObject } from './follow.ts';
import { projectRun, reprojectAll } from './project.ts';
import { listUnreadable } from './unreadable.ts';

/** How long a wait may take before it counts as one for nothing. */
const WAIT = { timeout: 10_000 };

let postgres: TestPostgres;
let world: World;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
});
afterEach(async () => {
  for (const following of open.splice(0)) await following.close();
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

/** Stores an event as the connector does, and announces it. */
async function event(bucket: 'runs' | 'results', key: string): Promise<void> {
  const { sql } = world.database;
  await sql`insert into connector.event (bucket, key, event_time, deduplication_key)
    values (${bucket}, ${key}, now(), ${crypto.randomUUID()})`;
  await sql`notify connector_event`;
}

async function follow(store = world.store): Promise<RunView[]> {
  const changes: RunView[] = [];
  const { database, parts } = world;
  open.push(await followProjection({ store, database, log: parts.log, onChange: (view) => changes.push(view) }));
  return changes;
}

describe('runOfObject', () => {
  const run = 'a'.repeat(64);
  it.each([
    ['runs', `${run}/run.json`, run],
    ['runs', `${run}/steps/infer/1/failed.json`, run],
    ['results', `hip-fracture-detection/${run}/result.json`, run],
    ['runs', `${run}/steps/infer/1/pixels.bin`, undefined],
    ['results', `hip-fracture-detection/${run}/images/1.png`, undefined],
    ['runs', 'stray.json', undefined],
  ] as const)('of %s/%s is %s', (bucket, key, expected) => {
    expect(runOfObject(bucket, key)).toBe(expected);
  });
});

describe('followProjection', () => {
  it('shows a run once its events are stored, tells the open pages, and goes on from there after a restart', async () => {
    const changes = await follow();
    const { id } = await makeRun(world.store, { status: 'running' });
    await event('runs', `${id}/run.json`);
    await vi.waitFor(() => expect(changes.map((view) => [view.id, view.status])).toContainEqual([id, 'running']), WAIT);
    expect(await findRun(world.database, id)).toMatchObject({ id, status: 'running' });

    for (const following of open.splice(0)) await following.close();
    const end = { status: 'failed', reason: 'No.', step: null, endedAt: new Date().toISOString(), retries: 0 };
    await world.store.put('runs', endKey(id), Buffer.from(JSON.stringify(end)));
    await event('runs', endKey(id));
    const later = await follow();
    await vi.waitFor(() => expect(later.at(-1)).toMatchObject({ id, status: 'failed', reason: 'No.' }), WAIT);
    expect(later, 'what was projected before the restart is not projected again').toHaveLength(1);
  });

  it('is not stopped by an event of a run that is not there, or by one of its own twice', async () => {
    const changes = await follow();
    const { id } = await makeRun(world.store);
    await event('runs', `${'f'.repeat(64)}/run.json`);
    await event('results', `hip-fracture-detection/${id}/result.json`);
    await event('results', `hip-fracture-detection/${id}/result.json`);
    await vi.waitFor(() => expect(changes.at(-1)).toMatchObject({ id, status: 'succeeded' }), WAIT);
    expect(DetectionResult.parse(changes.at(-1)?.result).images).toHaveLength(1);
  });
});

describe('a run without a valid plan', () => {
  const invalid = 'e'.repeat(64);
  beforeAll(async () => {
    await world.store.put('runs', `${invalid}/run.json`, Buffer.from('{}'));
  });
  afterAll(() => world.store.remove('runs', `${invalid}/run.json`));

  it('is left out, and keeps no later run waiting', async () => {
    const changes = await follow();
    await event('runs', `${invalid}/run.json`);
    const { id } = await makeRun(world.store);
    await event('runs', `${id}/run.json`);
    await vi.waitFor(() => expect(changes.map((view) => view.id)).toEqual([id]), WAIT);
    await vi.waitFor(async () => {
      const [{ stored = 0, position = -1 } = {}] = await world.database.sql`
        select (select max(id)::int from connector.event) as stored, position::int from web.cursor`;
      expect(position, 'the cursor has passed it').toBe(stored);
    }, WAIT);
    expect(await listUnreadable(world.database, 5), 'administrators see it').toMatchObject([
      { id: invalid, reason: 'Its `run.json` is not the plan of a run.' },
    ]);
  });

  it('does not stop the projection from being made anew', async () => {
    await expect(reprojectAll(world.store, world.database)).resolves.toBeGreaterThan(0);
  });
});

describe('a run that PostgreSQL cannot hold', () => {
  it('is left out, and the cursor goes on', async () => {
    const { id } = await makeRun(world.store);
    const end = { status: 'failed', reason: 'A NUL: \0.', step: null, endedAt: new Date().toISOString(), retries: 0 };
    await world.store.put('runs', endKey(id), Buffer.from(JSON.stringify(end)));
    await follow();
    await event('runs', endKey(id));
    const { sql } = world.database;
    const [last] = await sql`select max(id) as id from connector.event`;
    await vi.waitFor(async () => {
      const [cursor] = await sql`select position from web.cursor where name = 'projection'`;
      expect(Number(cursor?.position)).toBe(Number(last?.id));
    }, WAIT);
    expect(await findRun(world.database, id)).toBeUndefined();
    await world.store.remove('runs', endKey(id));
    expect(await projectRun(world.store, world.database, id), 'and is taken up again').toBeDefined();
    const unreadable = await listUnreadable(world.database, 5);
    expect(unreadable.map((run) => run.id)).not.toContain(id);
  });
});

describe('a store that is away', () => {
  it('delays a run and loses it not: it is shown once the store is back, and the others meanwhile', async () => {
    const { id } = await makeRun(world.store);
    const { id: other } = await makeRun(world.store);
    let away = true;
    const store: ObjectStore = Object.create(world.store, {
      list: {
        value: (bucket: Bucket, prefix: string) => {
          if (away && prefix.startsWith(id)) throw new Error('connection refused');
          return world.store.list(bucket, prefix);
        },
      },
      get: { value: world.store.get.bind(world.store) },
    });
    const changes = await follow(store);
    await event('runs', `${id}/run.json`);
    await event('runs', `${other}/run.json`);
    await vi.waitFor(() => expect(changes.map((view) => view.id)).toEqual([other]), WAIT);
    away = false;
    await vi.waitFor(() => expect(changes.map((view) => view.id)).toContain(id), WAIT);
  });
});

describe('reprojectAll', () => {
  it('makes the whole projection anew from the store', async () => {
    const { id } = await world.run();
    const before = await listRuns(world.database, { limit: 500 });
    await world.database.sql`truncate web.run`;
    expect(await reprojectAll(world.store, world.database)).toBe(before.length);
    expect(await listRuns(world.database, { limit: 500 })).toEqual(before);
    expect(await findRun(world.database, id)).toBeDefined();
  });
});
