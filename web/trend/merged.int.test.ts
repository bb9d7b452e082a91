import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deliveriesOfObject } from '../../lib/archive/deliveries.ts';
import { INK, LETTER, Page } from '../../lib/dicom/capture/page.ts';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { decodeFrame } from '../../lib/dicom/pixels.ts';
import { TrendReportView, TrendState } from '../../schemas/trend.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { holdExam, readArchive } from '../testing/exams.ts';
import { makeWorld, type World } from '../testing/world.ts';

const PIPELINE = 'liver-transplant-segmentation';
const OLD = { PatientID: 'OLD-1', PatientName: 'Doe^Jane', PatientSex: 'F' };
const NEW = { PatientID: 'NEW-7', PatientName: 'Smith^Jane', PatientSex: 'F' };
const VOIDED = 'voided-baseline';
const MERGE = { kind: 'merge', merged: { patientId: 'OLD-1' }, into: { patientId: 'NEW-7' } };

let server: TestPostgres;
let world: World;
/** Of the newest exam. */
let last: string;

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  world = await makeWorld(await server.fresh());
  world.receivers.push({ name: 'research', kind: 'research' });
  readArchive(world);
  await exam('1.2.1', { ...OLD, StudyDate: '20250301' }, 100);
  await exam('1.2.2', { ...OLD, StudyDate: '20250712' }, 110);
  last = await exam('1.2.3', { ...NEW, StudyDate: '20260105' }, 160);
});
afterEach(() => world.close());
afterAll(() => server.stop());

async function exam(study: string, attributes: Readonly<Record<string, string>>, volumeMl: number): Promise<string> {
  await holdExam(world, study, attributes);
  const structures = [{ name: 'left-lobe', title: 'Left lobe', volumeMl, voxels: 1000, complete: true }];
  return (await world.run({ study, segmentation: { structures } })).id;
}

function post(path: string, body: object) {
  const headers = { 'content-type': 'application/json' };
  return world.api(path, { method: 'POST', body: JSON.stringify(body), headers });
}

async function confirmBaseline(run: string, study: string, reason: string): Promise<void> {
  world.later(60_000);
  const entry = { id: randomUUID(), kind: 'baseline', studyInstanceUid: study, reason };
  const answer = await post(`/api/v1/runs/${run}/trend`, entry);
  expect(answer.status, await answer.clone().text()).toBe(201);
}

async function say(change: object): Promise<string> {
  world.later(60_000);
  const id = randomUUID();
  const answer = await post('/api/v1/patients/statements', { id, change, reason: 'The ward has called.' });
  expect(answer.status, await answer.clone().text()).toBe(201);
  return id;
}

const askReport = () => world.api(`/api/v1/runs/${last}/trend/report`);
const report = async () => TrendReportView.parse(await (await askReport()).json());
const trend = async () => TrendState.parse(await (await world.api(`/api/v1/runs/${last}/trend`)).json());
const send = ({ state, object }: TrendReportView) =>
  post(`/api/v1/runs/${last}/trend/report`, { state, object, receivers: ['research'] });

/** The object that was sent, and a way to ask whether a text is written in its pixels. */
async function sent(view: TrendReportView) {
  const bytes = await world.store.get('results', `${PIPELINE}/trends/${view.state}/${view.sopInstanceUid}.dcm`);
  const { pixels } = await decodeFrame(bytes);
  const { dataset } = readPart10(bytes);
  const page = Uint8Array.from(pixels);
  return { dataset, reads: (text: string) => isWritten(page, dataset.number('Columns') ?? 0, text) };
}

/** Whether a text stands somewhere on a page in ink, on whatever ground. */
function isWritten(pixels: Uint8Array, columns: number, text: string): boolean {
  const sample = new Page(text.length * LETTER.width, LETTER.height);
  sample.write(0, 0, text);
  const isInk = (of: Uint8Array, at: number) => of[3 * at] === INK[0];
  const places = Array.from({ length: sample.rows * sample.columns }, (_, at) => ({
    offset: Math.floor(at / sample.columns) * columns + (at % sample.columns),
    ink: isInk(sample.pixels, at),
  }));
  // Ink first: most places of a page have none.
  places.sort((one, other) => Number(other.ink) - Number(one.ink));
  const rows = pixels.length / 3 / columns;
  for (let y = 0; y <= rows - sample.rows; y++) {
    for (let x = 0; x <= columns - sample.columns; x++) {
      if (places.every(({ offset, ink }) => isInk(pixels, y * columns + x + offset) === ink)) return true;
    }
  }
  return false;
}

describe('the report of a patient of two numbers that were merged', () => {
  it('has the name and number that hold, the exams of both, and nothing of baselines that were confirmed before', async () => {
    const [{ id: old }] = (await (await world.api('/api/v1/runs?studyInstanceUid=1.2.1')).json()).runs;
    await confirmBaseline(old, '1.2.1', VOIDED);
    await confirmBaseline(last, '1.2.3', VOIDED);
    const before = await report();
    expect((await trend()).input.exams.map(({ studyInstanceUid }) => studyInstanceUid)).toEqual(['1.2.3']);

    await say(MERGE);
    const refused = await askReport();
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining('only suggested')]);
    expect((await send(before)).status, 'what was looked at before').toBe(409);
    const page = await (await world.signedIn('ann')).get(`/runs/${last}/trend`);
    expect(await page.text()).toContain('patients were merged or an exam was moved since somebody confirmed one');

    await confirmBaseline(last, '1.2.2', 'after-the-merge');
    const made = await report();
    expect((await send(made)).status).toBe(202);
    const { dataset, reads } = await sent(made);
    expect(['StudyInstanceUID', 'PatientName', 'PatientID'].map((keyword) => dataset.text(keyword))).toEqual([
      '1.2.3',
      'Smith^Jane',
      'NEW-7',
    ]);
    for (const text of ['Smith, Jane', 'NEW-7', '2025-03-01', '2025-07-12', '2026-01-05', '+45 %', 'after-the-merge']) {
      expect(reads(text), text).toBe(true);
    }
    expect(reads('Exam of 2025-03-01: its images state another patient')).toBe(true);
    expect(reads('Exam of 2025-07-12: its images state another patient')).toBe(true);
    for (const text of ['Doe', 'OLD-1', VOIDED, 'Exam of 2026-01-05: its images'])
      expect(reads(text), text).toBe(false);
  });

  it('is stopped on its way when its exams change or one is withdrawn, and says why; undoing that sends nothing', async () => {
    await confirmBaseline(last, '1.2.3', 'the only one');
    const made = await report();
    expect((await send(made)).status).toBe(202);
    const row = async () => (await deliveriesOfObject(world.database, made.sopInstanceUid))[0];
    expect(await row()).toMatchObject({ state: 'waiting', shows: { exams: ['1.2.3'], patientChangedAt: null } });
    const undoes = await say(MERGE);
    await say({ kind: 'undo', undoes });
    expect(await row()).toMatchObject({ state: 'refused', reason: expect.stringContaining('have changed since') });

    await confirmBaseline(last, '1.2.3', 'again');
    const anew = await report();
    expect((await send(anew)).status, 'a person asks anew').toBe(202);
    const entry = { id: randomUUID(), kind: 'withdrawn', studyInstanceUid: '1.2.3', reason: 'another person' };
    expect((await post(`/api/v1/runs/${last}/trend`, entry)).status).toBe(201);
    const reader = await world.signedIn('ann');
    const page = await (await reader.get(`/runs/${last}`)).text();
    expect(page).toContain('An exam whose result it shows was withdrawn: another person');
    expect(page, 'why the other one was').toContain('have changed since');
    expect((await send(anew)).status).toBe(409);
  });

  it('is none where the number of the newest exam was given up', async () => {
    await say({ kind: 'merge', merged: { patientId: 'NEW-7' }, into: { patientId: 'OLD-1' } });
    await confirmBaseline(last, '1.2.1', 'after-the-merge');
    const answer = await askReport();
    expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining('state another patient')]);
  });

  it('is none where two issuers gave the same number, and that of the newest exam was given up', async () => {
    last = await exam('1.2.4', { ...NEW, StudyDate: '20260301', IssuerOfPatientID: 'Clinic B' }, 170);
    const [merged, into] = ['Clinic B', ''].map((issuer) => ({ patientId: 'NEW-7', issuer }));
    await say({ kind: 'merge', merged, into });
    await confirmBaseline(last, '1.2.3', 'after-the-merge');
    const answer = await askReport();
    expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining('state another patient')]);
  });

  it('has the exams of one number again after the merge is undone, and its baseline is to be confirmed again', async () => {
    await confirmBaseline(last, '1.2.3', VOIDED);
    const undoes = await say(MERGE);
    await confirmBaseline(last, '1.2.2', 'after-the-merge');
    await say({ kind: 'undo', undoes });
    expect((await askReport()).status).toBe(409);
    await confirmBaseline(last, '1.2.3', 'after-it-was-undone');
    const made = await report();
    await send(made);
    const { reads } = await sent(made);
    expect(['2026-01-05', 'after-it-was-undone'].map(reads)).toEqual([true, true]);
    expect(['2025-03-01', '2025-07-12', 'after-the-merge', VOIDED].map(reads)).toEqual([false, false, false, false]);
  });
});

describe('the report of an exam without a number that was moved to somebody new', () => {
  it('is none: its images still name the other person', async () => {
    last = await exam('1.2.9', { PatientName: 'Doe^Jane', PatientID: '', StudyDate: '20260301' }, 90);
    await say({ kind: 'move', exam: '1.2.9', to: 'new' });
    await confirmBaseline(last, '1.2.9', 'the only one');
    const answer = await askReport();
    expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining('state another patient')]);
  });
});
