import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimStudy, recordInstance } from '../../lib/archive/catalogue.ts';
import { askAgain, deliveriesOfRun, queueDeliveries, queueObject } from '../../lib/archive/deliveries.ts';
import { readFacts } from '../../lib/archive/facts.ts';
import { previewPatientChange, statePatientChange } from '../../lib/archive/patients.ts';
import { reindexArchive } from '../../lib/archive/reindex.ts';
import { sayOfExam } from '../../lib/archive/retraction.ts';
import { connect, type Database } from '../../lib/database/connection.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { openStore } from '../../lib/store/open.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { delivery } from '../../schemas/database/archive.ts';
import { DeliveryRequest, type ShownExams } from '../../schemas/delivery.ts';
import type { AskedChange } from '../../schemas/patients.ts';
import { Receiver } from '../../schemas/site.ts';
import { freePort } from '../../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { deliverDue } from './deliver.ts';

const PIPELINE = 'liver-transplant-segmentation';
const RUN = 'a'.repeat(64);
/** Two exams of one patient, and one of another. */
const [FIRST, LAST, OTHER] = ['1.2.1', '1.2.2', '1.2.3'];
const SENT = '1.2.2.9';

let server: TestPostgres;
let database: Database;
let folder: string;
let store: ObjectStore;
let http: Server;
let receiver: Receiver;
let now: Date;
/** How many objects the receiver got, what it answers, and what happens before it does. */
let received: number;
let answers: number;
let meanwhile: () => Promise<unknown>;

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-retracted-'));
  database = connect(await server.fresh(), { max: 4 });
  store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  [now, received, answers, meanwhile] = [new Date(), 0, 200, async () => undefined];
  http = createServer((incoming, outgoing) => {
    incoming.resume().on('end', async () => {
      received += 1;
      await meanwhile();
      outgoing.writeHead(answers, { 'content-type': 'application/dicom+json' }).end('{}');
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${port}/dicomweb`;
  receiver = Receiver.parse({ name: 'research', kind: 'research', pipelines: [PIPELINE], protocol: 'stow-rs', url });
  await hold(FIRST, 'P-1');
  await hold(LAST, 'P-1');
  await hold(OTHER, 'P-2');
});
afterEach(async () => {
  http.close();
  await database.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => server.stop());

const dicom = (study: string, SOPInstanceUID: string, PatientID = '') =>
  Buffer.from(
    writePart10({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      ...{ SOPInstanceUID, StudyInstanceUID: study, SeriesInstanceUID: `${study}.1`, PatientID },
    }),
  );

async function hold(study: string, PatientID: string): Promise<void> {
  const bytes = dicom(study, `${study}.1.1`, PatientID);
  const key = `instances/${study}/${study}.1/${study}.1.1.dcm`;
  const object = await store.put('dicom', key, bytes, 'application/dicom');
  const facts = readFacts(bytes, { keywords: [] });
  const reception = { entry: undefined, receivedAt: now, facts, dataSetSha256: object.sha256 };
  await claimStudy(database.db, reception);
  await recordInstance(database.db, reception, object, undefined);
}

const put = (uid: string) => store.put('results', `${PIPELINE}/${uid}.dcm`, dicom(LAST, uid), 'application/dicom');

/** Queues an object as a person does who sends it: an edit of the last exam, unless something else is said. */
async function send(shows: ShownExams = { exams: [LAST] }, uid = SENT) {
  const sent = { SOPInstanceUID: uid, object: await put(uid), run: RUN, pipeline: PIPELINE, versions: ['1.0.0'] };
  return queueObject(database.db, { ...sent, shows }, { receiver, now });
}

const TREND: ShownExams = { exams: [LAST, FIRST], patientChangedAt: null };

/** Queues what a run of the last exam asks for. */
async function ask(): Promise<number> {
  const SOPClassUID = '1.2.840.10008.5.1.4.1.1.66.4';
  const request = DeliveryRequest.parse({
    ...{ run: RUN, pipeline: PIPELINE, studyInstanceUid: LAST, receivers: null, requestedAt: now.toISOString() },
    objects: [{ SOPClassUID, SOPInstanceUID: SENT, SeriesInstanceUID: '1.2.2.8', object: await put(SENT) }],
  });
  return queueDeliveries(database, request, { receivers: [receiver], pipelineVersion: '1.0.0', now });
}

const deliver = () =>
  deliverDue(
    {
      ...{ store, database, receivers: [receiver], callingAETitle: 'OVERREAD' },
      ...{ folder: path.join(folder, 'outgoing'), signal: new AbortController().signal },
    },
    now,
  );

const later = () => {
  now = new Date(now.getTime() + 3_600_000);
};

/** The receiver is down while it is tried once. */
async function tryInVain(): Promise<void> {
  answers = 503;
  await deliver();
  expect((await became()).state).toBe('waiting');
  answers = 200;
  received = 0;
  later();
}

async function say(change: AskedChange): Promise<string> {
  later();
  const statement = { id: randomUUID(), change, author: 'ann', reason: 'The ward.', now: () => now };
  await database.db.transaction((transaction) => statePatientChange(transaction, statement, new Map()));
  return statement.id;
}

/** How many objects a change would stop. */
const foretold = async (change: AskedChange) => (await previewPatientChange(database, change, new Map())).deliveries;

function sayExam(kind: 'withdrawn' | 'restored', studyInstanceUid = FIRST) {
  later();
  return sayOfExam(database.db, {
    ...{ id: randomUUID(), pipeline: PIPELINE, studyInstanceUid, kind, author: 'rea', reason: 'blurred' },
    createdAt: now.toISOString(),
  });
}

async function became() {
  const [row, ...others] = await deliveriesOfRun(database, RUN);
  expect(others).toEqual([]);
  return { state: row?.state, reason: row?.reason };
}

const MERGE: AskedChange = {
  kind: 'merge',
  merged: { patientId: 'P-1', issuer: '' },
  into: { patientId: 'P-2', issuer: '' },
};
const stopped = (sentence: string) => ({ state: 'refused', reason: expect.stringContaining(sentence) });
const OTHER_PATIENT = 'is of another patient';
const CHANGED = 'The exams of this patient have changed';

describe('what waits for a receiver', () => {
  it.each<[string, ShownExams, AskedChange, string]>([
    ['its exam is moved', { exams: [LAST] }, { kind: 'move', exam: LAST, to: 'new' }, OTHER_PATIENT],
    ['its patient is merged into another', { exams: [LAST] }, MERGE, OTHER_PATIENT],
    ['an older exam of the trend is moved', TREND, { kind: 'move', exam: FIRST, to: 'new' }, OTHER_PATIENT],
    ['an exam is moved to the patient of the trend', TREND, { kind: 'move', exam: OTHER, to: { exam: LAST } }, CHANGED],
  ])('is stopped for good when %s, also where that is undone', async (_, shows, change, sentence) => {
    expect(await send(shows)).toBe(true);
    await tryInVain();
    expect(await foretold(change)).toBe(1);
    expect((await became()).state, 'a preview stops nothing').toBe('waiting');
    const undoes = await say(change);
    expect(await became(), 'at once').toEqual(stopped(sentence));
    await say({ kind: 'undo', undoes });
    await deliver();
    expect([received, await became()]).toEqual([0, stopped(sentence)]);
  });

  it('goes on where somebody else is merged into its patient, whose exam stays that patient’s', async () => {
    await send({ exams: [OTHER] });
    await tryInVain();
    expect(await foretold(MERGE)).toBe(0);
    await say(MERGE);
    await deliver();
    expect([received, (await became()).state]).toEqual([1, 'sent']);
  });

  it('is asked for again by a person: it goes where its reason is gone, and stays refused where it is not', async () => {
    const again = () =>
      database.db.transaction((transaction) => askAgain(transaction, RUN, { receivers: [receiver], now }));
    await send({ exams: [LAST] });
    expect(await again(), 'nothing was refused').toBeUndefined();
    await tryInVain();
    await sayExam('withdrawn', LAST);
    const undoes = await say({ kind: 'move', exam: LAST, to: 'new' });
    await sayExam('restored', LAST);
    expect(await again()).toEqual([]);
    expect(await became(), 'for the reason that holds now').toEqual(stopped('state another patient'));
    await say({ kind: 'undo', undoes });
    expect(await again()).toEqual([receiver.name]);
    expect(await again(), 'it waits already').toBeUndefined();
    await deliver();
    expect([received, await became()]).toEqual([1, { state: 'sent', reason: null }]);
  });

  it('is stopped when an exam of it is withdrawn, in this pipeline, and stays so when that is taken back', async () => {
    await send(TREND);
    await tryInVain();
    await sayExam('withdrawn');
    expect(await became()).toEqual(stopped('was withdrawn: blurred'));
    await sayExam('restored');
    await deliver();
    expect([received, await became()]).toEqual([0, stopped('blurred')]);
    expect(await send(TREND), 'a person asks anew').toBe(true);
    await deliver();
    expect([received, await became()]).toEqual([1, { state: 'sent', reason: null }]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['is withdrawn', () => sayExam('withdrawn'), 'was withdrawn'],
    ['is moved', () => say({ kind: 'move', exam: LAST, to: 'new' }), OTHER_PATIENT],
    ['changed hands', () => say({ kind: 'move', exam: OTHER, to: { exam: LAST } }), CHANGED],
  ])('is asked about again before each attempt: an exam %s in the moment it is queued', async (_, change, sentence) => {
    await send(TREND);
    await change();
    // As where the change did not see what was being queued beside it.
    await database.db.update(delivery).set({ state: 'waiting', reason: null });
    await deliver();
    expect([received, await became()]).toEqual([0, stopped(sentence)]);
  });

  it('is asked about before each object, and not only when a batch begins', async () => {
    await send();
    await send({ exams: [LAST] }, '1.2.2.91');
    const first = await database.db.select().from(delivery);
    meanwhile = async () => {
      meanwhile = async () => undefined;
      await sayExam('withdrawn', LAST);
      await database.db.update(delivery).set({ state: 'waiting', reason: null });
    };
    expect(first).toHaveLength(2);
    await deliver();
    const states = (await database.db.select().from(delivery)).map(({ state }) => state).sort();
    expect([received, states]).toEqual([1, ['refused', 'sent']]);
  });

  it('opens no association for what must not go', async () => {
    const port = await freePort();
    const { name, kind, pipelines } = receiver;
    const target = { protocol: 'c-store', host: '127.0.0.1', port, aeTitle: 'PACS' };
    receiver = Receiver.parse({ name, kind, pipelines, ...target });
    await send();
    await deliver();
    expect(await became()).toEqual({ state: 'waiting', reason: expect.stringContaining('Nobody answers') });
    await sayExam('withdrawn', LAST);
    await database.db.update(delivery).set({ state: 'waiting', reason: null });
    await deliver();
    const [row] = await database.db.select().from(delivery);
    expect([await became(), row?.attempts]).toEqual([stopped('was withdrawn'), 1]);
  });

  it('says that it arrived where it was on the wire when it was stopped', async () => {
    await send();
    meanwhile = () => sayExam('withdrawn', LAST);
    await deliver();
    expect([received, await became()]).toEqual([
      1,
      { state: 'sent', reason: expect.stringMatching(/under way when it was stopped: .*blurred/) },
    ]);
  });

  it('holds through a rebuild of the index, as long as nobody says anything', async () => {
    await say(MERGE);
    const before = { exams: [OTHER, FIRST, LAST], patientChangedAt: now.toISOString() };
    await send(before);
    await reindexArchive(store, database);
    await deliver();
    expect([received, (await became()).state]).toEqual([1, 'sent']);
  });

  it('is refused where nobody knows of which exams it is', async () => {
    await send();
    await database.db.update(delivery).set({ shows: { exams: [] } });
    await deliver();
    expect([received, await became()]).toEqual([0, stopped('Send it again')]);
  });
});

describe('what is asked for after the change', () => {
  it.each<[string, () => Promise<unknown>, string]>([
    ['was withdrawn', () => sayExam('withdrawn', LAST), 'was withdrawn: blurred'],
    ['was moved', () => say({ kind: 'move', exam: LAST, to: 'new' }), 'state another patient'],
    ['is of a patient who was merged', () => say(MERGE), 'state another patient'],
  ])('is refused to runs and people where the exam %s', async (_, change, sentence) => {
    await change();
    expect(await ask()).toBe(0);
    await deliver();
    expect([received, await became()]).toEqual([0, stopped(sentence)]);
    expect(await send()).toEqual({ refusal: expect.stringContaining(sentence) });
  });

  it('goes out where the exam was withdrawn from another pipeline, or taken back', async () => {
    await sayOfExam(database.db, {
      ...{ id: randomUUID(), pipeline: 'another', studyInstanceUid: LAST, kind: 'withdrawn', author: 'rea' },
      ...{ reason: 'blurred', createdAt: now.toISOString() },
    });
    await sayExam('withdrawn', LAST);
    await sayExam('restored', LAST);
    expect(await ask()).toBe(1);
    await deliver();
    expect([received, (await became()).state]).toEqual([1, 'sent']);
  });
});
