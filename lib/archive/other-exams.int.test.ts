import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Pipeline } from '../../schemas/pipeline.ts';
import type { RunModel } from '../../schemas/run.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { connect, type Database } from '../database/connection.ts';
import { readPart10 } from '../dicom/dataset.ts';
import { fileMetaBytes } from '../dicom/part10.ts';
import { writePart10 } from '../dicom/write.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { completeDue } from './completion.ts';
import { ingest, readEntry } from './ingest.ts';
import { examsOfPatient } from './other-exams.ts';
import { Spool } from './spool.ts';

const MR = '1.2.840.10008.5.1.4.1.1.4';
const CR = '1.2.840.10008.5.1.4.1.1.1';

let server: TestPostgres;
let database: Database;
let folder: string;
let store: ObjectStore;
let spool: Spool;

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-exams-'));
  database = connect(await server.fresh(), { max: 4 });
  store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  spool = new Spool(path.join(folder, 'spool'));
  await spool.open();
});
afterEach(async () => {
  await database.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => server.stop());

function brain(model: string) {
  return Pipeline.parse({
    name: 'brain',
    version: '1.0.0',
    title: 'Brain',
    calledAETitle: 'BRAIN',
    quietSeconds: 0,
    longitudinal: true,
    admits: { SOPClassUID: [MR] },
    models: { model: { name: 'lesion', version: model } },
    steps: [{ name: 'parse', operator: 'dicom-parser' }],
  });
}

interface Sent {
  readonly study: string;
  readonly PatientID?: string;
  readonly IssuerOfPatientID?: string;
  readonly StudyDate?: string;
  readonly SOPClassUID?: string;
  readonly to?: string;
}

async function receive(pipeline: Pipeline, { study, to = 'ANY', SOPClassUID = MR, ...attributes }: Sent) {
  const draft = await spool.begin();
  const uids = { StudyInstanceUID: study, SeriesInstanceUID: `${study}.1`, SOPInstanceUID: `${study}.1.1` };
  const written = writePart10({ SOPClassUID, ...uids, ...attributes });
  const { meta, dataSetOffset } = readPart10(written);
  await draft.write([fileMetaBytes({ ...meta, ReceivingApplicationEntityTitle: to }), written.subarray(dataSetOffset)]);
  const pipelines = new Map([[pipeline.name, pipeline]]);
  const context = { store, database, routes: [], pipelines, quietSeconds: undefined };
  await ingest(await readEntry(await draft.commit(), false, context), context);
}

/** Completes what is due until nothing is. @returns the studies that got a run, and what asked for it */
async function complete(pipeline: Pipeline): Promise<string[]> {
  const reference = { bucket: 'models', key: 'k', sha256: 'a'.repeat(64), size: 1, contentType: 'x' } as const;
  const { model } = pipeline.models;
  const name = model?.name ?? '';
  const version = model?.version ?? '';
  const published: RunModel = { name, version, sha256: reference.sha256, card: reference, weights: reference };
  const context = {
    database,
    pipelines: new Map([[pipeline.name, pipeline]]),
    model: async () => published,
  };
  await database.sql`delete from archive.outbox`;
  for (let made = 1; made > 0; ) {
    made = 0;
    await completeDue(context, new Date(Date.now() + 1000), undefined, () => {
      made += 1;
    });
  }
  const rows = await database.sql<{ study: string; kind: string }[]>`
    select body::jsonb->'study'->>'StudyInstanceUID' as study, triggers->0->>'kind' as kind
    from archive.outbox order by study`;
  return rows.map(({ study, kind }) => `${study} ${kind}`);
}

it('runs the patient’s other exams that have no result of this model, and nobody else’s', async () => {
  const pipeline = brain('1.0.0');
  await receive(pipeline, { study: '1.1', PatientID: 'P', StudyDate: '20240101' });
  await receive(pipeline, { study: '1.2', PatientID: 'P', StudyDate: '20230101', SOPClassUID: CR });
  await receive(pipeline, { study: '1.3', PatientID: 'P', IssuerOfPatientID: 'other hospital' });
  await receive(pipeline, { study: '1.4', PatientID: 'Q' });
  expect(await complete(pipeline)).toEqual([]);

  await receive(pipeline, { study: '1.5', PatientID: 'P', StudyDate: '20250101', to: 'BRAIN' });
  expect(await complete(pipeline)).toEqual(['1.1 prior', '1.5 called-ae-title']);

  await receive(pipeline, { study: '1.6', PatientID: 'P', StudyDate: '20220101', to: 'BRAIN' });
  expect(await complete(pipeline), 'those that have one are left alone').toEqual(['1.6 called-ae-title']);
  expect((await examsOfPatient(database, '1.5')).map(({ studyInstanceUid }) => studyInstanceUid)).toEqual([
    '1.6',
    '1.2',
    '1.1',
    '1.5',
  ]);
});

it('runs them again for another version of the model', async () => {
  await receive(brain('1.0.0'), { study: '1.1', PatientID: 'P', to: 'BRAIN' });
  await complete(brain('1.0.0'));
  const newer = brain('2.0.0');
  await receive(newer, { study: '1.2', PatientID: 'P', to: 'BRAIN' });
  expect(await complete(newer)).toEqual(['1.1 prior', '1.2 called-ae-title']);
});

it('knows no other exams of somebody without PatientID', async () => {
  const pipeline = brain('1.0.0');
  await receive(pipeline, { study: '1.1', PatientID: '' });
  await receive(pipeline, { study: '1.2', PatientID: '', to: 'BRAIN' });
  expect(await complete(pipeline)).toEqual(['1.2 called-ae-title']);
  expect(await examsOfPatient(database, '1.2')).toHaveLength(1);
});
