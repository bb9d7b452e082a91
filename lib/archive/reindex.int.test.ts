import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Pipeline } from '../../schemas/pipeline.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { connect, type Database } from '../database/connection.ts';
import { writePart10 } from '../dicom/write.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { completeDue } from './completion.ts';
import { ingest, readEntry } from './ingest.ts';
import { deliverRuns } from './outbox.ts';
import { reindexArchive } from './reindex.ts';
import { Spool } from './spool.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';
const PIPELINE = Pipeline.parse({
  name: 'hip',
  version: '1.0.0',
  title: 'Hip',
  calledAETitle: 'HIP',
  quietSeconds: 0,
  admits: { SOPClassUID: [CR] },
  steps: [{ name: 'only', operator: 'only' }],
});

let server: TestPostgres;
let database: Database;
let folder: string;
let store: ObjectStore;
let spool: Spool;

beforeAll(async () => {
  server = await startTestPostgres();
  folder = mkdtempSync(path.join(tmpdir(), 'overread-reindex-'));
  database = connect(server.url, { max: 4 });
  store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  spool = new Spool(path.join(folder, 'spool'));
  await spool.open();
});
afterAll(async () => {
  await database.close();
  await store.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Takes in an image and makes the run of the study as it is then; it is in the outbox. */
async function receive(SOPInstanceUID: string): Promise<void> {
  const pipelines = new Map([[PIPELINE.name, PIPELINE]]);
  const route = { name: 'all', pipeline: 'hip', when: {}, stationNames: [] };
  const context = { store, database, routes: [route], pipelines, quietSeconds: 0 };
  const uids = { SOPClassUID: CR, StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', SOPInstanceUID };
  const draft = await spool.begin();
  await draft.write([writePart10({ ...uids, PatientID: 'P1' })]);
  const entry = await draft.commit();
  expect(await ingest(await readEntry(entry, false, context), context)).toBe('indexed');
  await spool.remove(entry);
  await completeDue({ database, pipelines, model: async () => undefined }, new Date(), undefined, () => {});
}

const newest = async () => (await database.sql`select last_run, last_amends from archive.dispatch`)[0];

it('a rebuild does not forget a run that was made and is not in the store yet', async () => {
  await receive('1.2.1.1');
  await deliverRuns({ database, store, holdsRun: async () => true }, new Date());
  const first = await newest();
  await receive('1.2.1.2');
  const second = await newest();
  expect(second?.last_amends).toBe(first?.last_run);
  await reindexArchive(store, database);
  expect(await newest()).toEqual(second);
});
