import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeWorld, type World } from '../testing/world.ts';

/** Enough that PostgreSQL would rather use an index than sort them. */
const RUNS = 20_000;

let postgres: TestPostgres;
let world: World;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  const { id } = await world.run();
  const { sql } = world.database;
  await sql`
    insert into web.run (id, pipeline, study_instance_uid, status, created_at, view)
    select md5(n::text) || md5(n::text), pipeline, '1.2.' || n, case when n % 50 = 0 then 'failed' else status end,
      created_at - n * interval '1 minute', view
    from web.run, generate_series(1, ${RUNS}::int) n where id = ${id}`;
  await sql`analyze web.run`;
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

describe('the worklist with many runs', () => {
  it.each([
    ['all of them', "where status <> ''", 'run_newest'],
    ['those of a status', "where status = 'failed'", 'run_by_status'],
    ['those of a study', "where study_instance_uid = '1.2.77'", 'run_by_study'],
  ])('reads %s from an index in order, without sorting', async (_, where, index) => {
    const plan = await world.database.sql.unsafe(
      `explain select view from web.run ${where} order by created_at desc, id desc limit 51`,
    );
    const text = plan.map((row) => Object.values(row)[0]).join('\n');
    expect(text).toContain(`Index Scan Backward using ${index}`);
    expect(text).not.toContain('Sort');
  });

  it('answers a page with what it was asked for', async () => {
    const { runs, next } = await (await world.api('/api/v1/runs?limit=500')).json();
    expect([runs.length, next]).toEqual([500, expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });
});
