import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect, type Database } from '../../lib/database/connection.ts';
import { type Configuration, readConfiguration } from '../../lib/platform/configuration.ts';
import { createLog } from '../../lib/platform/log.ts';
import { openStore } from '../../lib/store/open.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { blindedCopy, run } from '../../schemas/database/web.ts';
import { makeBlindedExam } from '../../tests/blinded-exam.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { BlindedCopies } from '../../web/blinded/follow.ts';
import { exportOutbox } from '../../web/feedback/export.ts';
import { BLINDED_EVALUATION, LIVER_PIPELINE } from '../../web/testing/pipelines.ts';
import { reindex } from './reindex.ts';

let postgres: TestPostgres;
let folder: string;
let configuration: Configuration;
let database: Database;
let store: ObjectStore;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = mkdtempSync(path.join(tmpdir(), 'overread-reindex-'));
  configuration = readConfiguration({ OVERREAD_DATA: folder, DATABASE_URL: postgres.url });
  database = connect(postgres.url);
  store = openStore(configuration.store);
  await store.prepare();
});
afterAll(async () => {
  await Promise.all([database.close(), store.close()]);
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('overread reindex', () => {
  it('brings back runs, and whose each blinded copy is', async () => {
    const exam = await makeBlindedExam({ store, database }, { seed: 'reindex' });
    const copies = new BlindedCopies({
      store,
      database,
      blindingKey: randomBytes(32),
      blinded: new Map([[BLINDED_EVALUATION.name, BLINDED_EVALUATION]]),
      pipelines: new Map([[LIVER_PIPELINE.name, LIVER_PIPELINE]]),
      log: createLog('web', 'silent'),
    });
    expect(await copies.makeDue(new Date())).toMatchObject({ exams: 1 });
    await exportOutbox(store, database);
    const before = await database.db.select().from(blindedCopy).orderBy(blindedCopy.id);
    await database.db.delete(blindedCopy);
    await database.db.delete(run);

    const said = vi.spyOn(console, 'log').mockImplementation(() => {});
    await reindex(configuration);
    expect(said.mock.calls.flat()).toEqual([
      'Rebuilt the index: 16 instances, 3 runs.',
      'Brought back whose 3 blinded copies are.',
    ]);
    said.mockRestore();
    expect(await database.db.select().from(blindedCopy).orderBy(blindedCopy.id)).toEqual(before);
    expect(new Map(before.map(({ source, run: id }) => [source, id]))).toEqual(exam.runs);
  });
});
