import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AskedChange } from '../../schemas/patients.ts';
import { Pipeline } from '../../schemas/pipeline.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { connect, type Database } from '../database/connection.ts';
import { readPart10 } from '../dicom/dataset.ts';
import { fileMetaBytes } from '../dicom/part10.ts';
import { writePart10 } from '../dicom/write.ts';
import { canonicalJson } from '../runs/canonical.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { completeDue } from './completion.ts';
import { examFacts } from './exam-facts.ts';
import { findExams, searchExams } from './exams.ts';
import { ingest, type Outcome, readEntry } from './ingest.ts';
import { examsOfPatient } from './other-exams.ts';
import { listPatientStatements, statementKey } from './patient-statements.ts';
import { PatientChangeError, previewPatientChange, statePatientChange } from './patients.ts';
import { reindexArchive } from './reindex.ts';
import { Spool } from './spool.ts';

const MR = '1.2.840.10008.5.1.4.1.1.4';
const BRAIN = Pipeline.parse({
  name: 'brain',
  version: '1.0.0',
  title: 'Brain',
  calledAETitle: 'BRAIN',
  quietSeconds: 0,
  longitudinal: true,
  admits: { SOPClassUID: [MR] },
  models: { model: { name: 'lesion', version: '1.0.0' } },
  steps: [{ name: 'parse', operator: 'dicom-parser' }],
});
const PIPELINES = new Map([[BRAIN.name, BRAIN]]);
const KEY = Buffer.alloc(32, 7);

let server: TestPostgres;
let database: Database;
let folder: string;
let store: ObjectStore;
let spool: Spool;

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-patients-'));
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

interface Sent {
  readonly study: string;
  readonly PatientID?: string;
  readonly IssuerOfPatientID?: string;
  readonly instance?: number;
  readonly to?: string;
}

async function receive({ study, instance = 1, to = 'ANY', PatientID = '', ...more }: Sent): Promise<Outcome> {
  const draft = await spool.begin();
  const uids = { StudyInstanceUID: study, SeriesInstanceUID: `${study}.1`, SOPInstanceUID: `${study}.1.${instance}` };
  const PatientName = PatientID === '' ? 'Nobody' : `Smith${PatientID}^Jo`;
  const written = writePart10({ SOPClassUID: MR, ...uids, PatientID, PatientName, ...more });
  const { meta, dataSetOffset } = readPart10(written);
  await draft.write([fileMetaBytes({ ...meta, ReceivingApplicationEntityTitle: to }), written.subarray(dataSetOffset)]);
  const context = { store, database, routes: [], pipelines: PIPELINES, quietSeconds: undefined };
  const entry = await draft.commit();
  return ingest(await readEntry(entry, false, context), context);
}

async function complete(): Promise<void> {
  const reference = { bucket: 'models', key: 'k', sha256: 'a'.repeat(64), size: 1, contentType: 'x' } as const;
  const model = { name: 'lesion', version: '1.0.0', sha256: reference.sha256, card: reference, weights: reference };
  await completeDue(
    { database, pipelines: PIPELINES, model: async () => model },
    new Date(Date.now() + 1000),
    undefined,
    () => {},
  );
}

/** Says something, and exports it as the outbox does. */
async function say(change: AskedChange, id: string = randomUUID()) {
  const said = { id, change, author: 'ada', reason: 'told by the ward', now: () => new Date() };
  const stated = await database.db.transaction((transaction) => statePatientChange(transaction, said, PIPELINES));
  await store.put('feedback', statementKey(id), Buffer.from(canonicalJson(stated.statement)), 'application/json');
  return stated;
}

const number = (patientId: string, issuer = '') => ({ patientId, issuer });
const examsWith = async (study: string) =>
  (await examsOfPatient(database, study)).map(({ studyInstanceUid }) => studyInstanceUid);
const idOf = async (study: string) => (await findExams(database, [study])).get(study)?.patientId;
const reindex = () => reindexArchive(store, database);

describe('a merge', () => {
  it('makes one patient of two everywhere, asks for the runs that are missing, and can be undone', async () => {
    await receive({ study: '1.1', PatientID: 'A' });
    await receive({ study: '1.2', PatientID: 'B', to: 'BRAIN' });
    await receive({ study: '1.3', PatientID: 'B', IssuerOfPatientID: 'elsewhere' });
    await complete();
    const change: AskedChange = { kind: 'merge', merged: number('A'), into: number('B') };
    const preview = await previewPatientChange(database, change, PIPELINES);
    expect(await examsWith('1.1'), 'nothing is done yet').toEqual(['1.1']);
    const { statement, effects } = await say(change);
    expect(effects).toEqual(preview);
    expect(effects?.exams.get('1.1')).toMatchObject({ patientId: 'B', isRestated: true });
    expect((await examsOfPatient(database, '1.2'))[0]?.patientChangedAt?.toISOString()).toBe(statement.statedAt);
    expect(effects).toMatchObject({
      before: [['1.1'], ['1.2']],
      after: [['1.1', '1.2']],
      runs: [{ pipeline: 'brain', studyInstanceUid: '1.1' }],
    });
    expect(JSON.stringify(statement), 'no number is written down').not.toContain('patientId');
    expect(await examsWith('1.1')).toEqual(['1.1', '1.2']);
    expect(await idOf('1.1')).toBe('B');
    expect((await searchExams(database, 'SmithA', 9)).map((exam) => exam.patientId)).toEqual(['B', 'B']);
    const facts = await examFacts(database, ['1.1', '1.2', '1.3'], KEY);
    expect(facts.get('1.1')?.patient).toBe(facts.get('1.2')?.patient);
    expect(facts.get('1.1')?.patient, 'another issuer is another patient').not.toBe(facts.get('1.3')?.patient);

    await receive({ study: '1.4', PatientID: 'A' });
    expect(await examsWith('1.4'), 'what comes later, too').toEqual(['1.1', '1.2', '1.4']);
    await reindex();
    expect(await examsWith('1.4'), 'after a rebuild').toEqual(['1.1', '1.2', '1.4']);
    expect(await idOf('1.1')).toBe('B');

    await say({ kind: 'undo', undoes: statement.id });
    expect(await examsWith('1.1')).toEqual(['1.1', '1.4']);
    expect(await idOf('1.1')).toBe('A');
    expect((await listPatientStatements(database)).map(({ undoneBy }) => undoneBy === null)).toEqual([true, false]);
    await expect(say({ kind: 'undo', undoes: statement.id })).rejects.toThrow(PatientChangeError);
  });

  it('takes images under either number into an exam of both, and a rebuild still knows whose the exam was', async () => {
    await receive({ study: '1.2', PatientID: 'A', instance: 2 });
    await receive({ study: '1.9', PatientID: 'B' });
    expect(await receive({ study: '1.2', PatientID: 'B', instance: 3 })).toBe('quarantined');
    const { statement } = await say({ kind: 'merge', merged: number('A'), into: number('B') });
    // Its key comes first in a listing.
    expect(await receive({ study: '1.2', PatientID: 'B', instance: 1 })).toBe('indexed');
    expect(await receive({ study: '1.2', PatientID: 'C', instance: 4 })).toBe('quarantined');
    await reindex();
    await say({ kind: 'undo', undoes: statement.id });
    expect(await idOf('1.2')).toBe('A');
    expect(await idOf('1.9')).toBe('B');
  });

  it('is refused without PHI where a number is unknown or empty, and where they are one already', async () => {
    await receive({ study: '1.1', PatientID: 'A' });
    await receive({ study: '1.2', PatientID: 'B' });
    await receive({ study: '1.3' });
    await receive({ study: '1.4' });
    const unknown = say({ kind: 'merge', merged: number('SECRET-7'), into: number('B') });
    await expect(unknown).rejects.toThrow(PatientChangeError);
    await expect(unknown).rejects.not.toThrow('SECRET');
    await expect(say({ kind: 'merge', merged: number('A', 'elsewhere'), into: number('B') })).rejects.toThrow('issuer');
    await expect(say({ kind: 'merge', merged: number(''), into: number('A') })).rejects.toThrow(PatientChangeError);
    await say({ kind: 'merge', merged: number('A'), into: number('B') });
    await expect(say({ kind: 'merge', merged: number('A'), into: number('B') })).rejects.toThrow(
      'Nothing would change',
    );
    expect(await examsWith('1.3'), 'nobody’s number equals nobody’s').toEqual(['1.3']);
    await say({ kind: 'merge', merged: { exam: '1.3' }, into: { exam: '1.4' } });
    expect(await examsWith('1.3'), 'unless a person says so').toEqual(['1.3', '1.4']);
    const facts = await examFacts(database, ['1.3', '1.4'], KEY);
    expect(facts.get('1.3')?.patient).toBe(facts.get('1.4')?.patient);
  });

  it('is one statement when it is sent twice', async () => {
    await receive({ study: '1.1', PatientID: 'A' });
    await receive({ study: '1.2', PatientID: 'B' });
    const id = randomUUID();
    await say({ kind: 'merge', merged: number('A'), into: number('B') }, id);
    expect((await say({ kind: 'merge', merged: number('A'), into: number('B') }, id)).effects).toBeUndefined();
    await expect(database.sql`update archive.patient_statement set author = 'eve'`).rejects.toThrow('never changed');
  });
});

describe('a move', () => {
  it('takes an exam to another patient with its late images, through a rebuild, and back', async () => {
    await receive({ study: '1.1', PatientID: 'A' });
    await receive({ study: '1.2', PatientID: 'A' });
    await receive({ study: '1.3', PatientID: 'B', to: 'BRAIN' });
    await complete();
    const { statement, effects } = await say({ kind: 'move', exam: '1.2', to: number('B') });
    expect(effects).toMatchObject({
      before: [['1.1', '1.2'], ['1.3']],
      after: [['1.1'], ['1.2', '1.3']],
      runs: [{ studyInstanceUid: '1.2' }],
    });
    expect(await receive({ study: '1.2', PatientID: 'A', instance: 2 }), 'under the wrong number').toBe('indexed');
    expect(await receive({ study: '1.2', PatientID: 'B', instance: 3 }), 'under the right one').toBe('indexed');
    expect(await idOf('1.2')).toBe('B');
    await reindex();
    expect(await examsWith('1.2')).toEqual(['1.2', '1.3']);
    expect(await searchExams(database, 'SmithA', 9), 'found under its patient only').toHaveLength(1);
    await say({ kind: 'undo', undoes: statement.id });
    expect(await examsWith('1.1')).toEqual(['1.1', '1.2']);
  });

  it('to somebody new takes the name away, and others can follow', async () => {
    await receive({ study: '1.1', PatientID: 'A' });
    await receive({ study: '1.2', PatientID: 'A' });
    await receive({ study: '1.3', PatientID: 'A' });
    await say({ kind: 'move', exam: '1.2', to: 'new' });
    expect((await findExams(database, ['1.2'])).get('1.2')).toMatchObject({ patientId: null, name: null });
    expect(await examsWith('1.2')).toEqual(['1.2']);
    await say({ kind: 'move', exam: '1.3', to: { exam: '1.2' } });
    const facts = await examFacts(database, ['1.1', '1.2', '1.3'], KEY);
    expect(facts.get('1.2')?.patient).toBe(facts.get('1.3')?.patient);
    expect(facts.get('1.2')?.patient).not.toBe(facts.get('1.1')?.patient);
    await reindex();
    expect(await examsWith('1.3')).toEqual(['1.2', '1.3']);
  });

  it('comes back from the store where the database was lost', async () => {
    await receive({ study: '1.1', PatientID: 'A' });
    await receive({ study: '1.2', PatientID: 'B' });
    await say({ kind: 'move', exam: '1.1', to: { exam: '1.2' } });
    await database.close();
    database = connect(await server.fresh(), { max: 4 });
    await reindex();
    expect(await examsWith('1.1')).toEqual(['1.1', '1.2']);
    expect(await idOf('1.1')).toBe('B');
  });
});
