import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { deliveriesOfRun } from '../../lib/archive/deliveries.ts';
import { connect, type Database } from '../../lib/database/connection.ts';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import { runKey } from '../../lib/runs/keys.ts';
import { aState } from '../../lib/runs/state.fixture.ts';
import { aStore } from '../../lib/runs/store.fixture.ts';
import { Receiver } from '../../schemas/site.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { followRequests } from './requests.ts';

const { run: plan } = aState({ steps: [{ name: 'parse' }] });
const { store, close } = aStore();
const receivers = [
  Receiver.parse({ name: 'research', kind: 'research', protocol: 'stow-rs', url: 'http://127.0.0.1:1/dicomweb' }),
];

let postgres: TestPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await startTestPostgres();
  database = connect(postgres.url, { max: 2 });
});
afterAll(async () => {
  await database.close();
  await postgres.stop();
  close();
});

/** A run asks for the delivery of an object, and the store tells. */
async function ask(run: string): Promise<void> {
  const key = `${plan.pipeline.name}/${run}/deliver.json`;
  const object = await store.put('results', `${plan.pipeline.name}/${run}/result.dcm`, Buffer.from(run));
  const request = {
    ...{ run, pipeline: plan.pipeline.name, studyInstanceUid: plan.study.StudyInstanceUID, receivers: ['research'] },
    requestedAt: '2026-01-01T00:00:00.000Z',
    objects: [{ SOPClassUID: '1.2', SOPInstanceUID: '1.2.3', SeriesInstanceUID: '1.2.4', object }],
  };
  await store.put('results', key, Buffer.from(canonicalJson(request)));
  await database.sql`insert into connector.event (bucket, key, event_time, deduplication_key)
    values ('results', ${key}, now(), ${randomUUID()})`;
}

it('goes on past a request whose run is gone, or is none', async () => {
  const [gone, damaged, whole] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];
  for (const run of [gone, damaged, whole]) await ask(run);
  await store.put('runs', runKey(damaged), Buffer.from('half a pl'));
  await store.put('runs', runKey(whole), Buffer.from(canonicalJson(plan)));
  const queued = vi.fn();
  const following = await followRequests({ store, database, receivers, log: pino({ level: 'silent' }), queued });
  await vi.waitFor(() => expect(queued).toHaveBeenCalledOnce(), { timeout: 10_000 });
  await following.close();
  expect(await deliveriesOfRun(database, whole)).toMatchObject([{ state: 'waiting' }]);
  for (const run of [gone, damaged]) expect(await deliveriesOfRun(database, run)).toEqual([]);
});
