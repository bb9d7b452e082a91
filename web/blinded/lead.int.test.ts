import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlindedReport, BlindingKey } from '../../schemas/blinded.ts';
import { blindedCopy } from '../../schemas/database/web.ts';
import { type BlindedExam, MAKERS, makeBlindedExam } from '../../tests/blinded-exam.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { BLINDED_EVALUATION, LIVER_EVALUATION } from '../testing/pipelines.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';
import { sendRead, withdrawExam } from './reads.fixture.ts';

const { name: EVALUATION } = BLINDED_EVALUATION;
const AT = `/evaluations/${EVALUATION}`;
let postgres: TestPostgres;
let world: World;
let exams: BlindedExam[];
let lea: Browser;
let copies: (typeof blindedCopy.$inferSelect)[];

/** What each reader thinks of the outline of each source. */
const OUTLINES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ann: { model: 4, expert: 5, novice: 2 },
  bob: { model: 3, expert: 5, novice: 3 },
};

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [LIVER_EVALUATION, BLINDED_EVALUATION]);
  exams = [];
  for (const seed of ['lead one', 'lead two']) exams.push(await makeBlindedExam(world, { seed }));
  await makeBlindedExam(world, { seed: 'lead waits', makers: MAKERS.slice(0, 2) });
  await world.parts.copies.makeDue(world.parts.now());
  copies = await world.database.db.select().from(blindedCopy);
  for (const copy of copies) {
    for (const [author, of] of Object.entries(OUTLINES)) {
      const rated = copy.structures.map(({ name }) => ({
        question: 'outline',
        subject: name,
        value: of[copy.source] ?? 0,
      }));
      const plan = { question: 'plan', subject: 'exam', value: copy.source === 'novice' ? 'no' : 'as-it-is' };
      const minutes = copy.source === 'model' ? 2 : 4;
      await sendRead(world, { copy: copy.id, author, minutes, answers: [...rated, plan] });
    }
  }
  lea = await world.signedIn('lea', 'evaluation-lead', EVALUATION);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const reportOf = async () => BlindedReport.parse(await (await lea.get(`/api/v1${AT}/blinded`)).json());

const linesOf = async (path: string, browser: Browser = lea) => {
  const [head = '', ...lines] = (await (await browser.get(path)).text()).trimEnd().split('\r\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, index) => [names[index] ?? '', cell])));
};

describe('the report on blinded reads', () => {
  it('tells ratings by whose segmentation they were about', async () => {
    const { ratings, readers, exams: given } = await reportOf();
    expect(given).toBe(2);
    expect(readers.map(({ reader, sent, of }) => [reader, sent, of])).toEqual([
      ['ann', 6, 6],
      ['bob', 6, 6],
    ]);
    const outline = ratings.filter(({ question, subject }) => question === 'outline' && subject === 'vessels');
    expect(outline.map(({ source, answers, mean }) => [source, answers, mean])).toEqual([
      ['model', 4, 3.5],
      ['expert', 4, 5],
      ['novice', 4, 2.5],
    ]);
    const plan = ratings.filter(({ question }) => question === 'plan');
    expect(plan.find(({ source }) => source === 'novice')?.chosen).toEqual({ 'as-it-is': 0, corrected: 0, no: 4 });
  });

  it('tells volumes against each other, agreement, and how long each took', async () => {
    const { volumes, times, agreement } = await reportOf();
    expect(
      volumes
        .filter(({ structure }) => structure === 'left-lobe')
        .map(({ first, second, exams: of }) => [first, second, of]),
    ).toEqual([
      ['model', 'expert', 2],
      ['model', 'novice', 2],
      ['expert', 'novice', 2],
    ]);
    const byHand = times.find(({ source }) => source === 'novice');
    expect(byHand?.made).toMatchObject({ median: 73 });
    expect(byHand?.active).toMatchObject({ count: 4, median: 2 });
    expect(times.find(({ source }) => source === 'model')?.active).toMatchObject({ median: 1 });
    expect(agreement.find(({ question }) => question === 'plan')?.fleissKappa).toMatchObject({ value: 1 });
  });

  it('takes exams of one patient as of one patient', async () => {
    const ofOnePatient = async () =>
      (await reportOf()).volumes.map(({ patients, blandAltman }) => [patients, blandAltman]);
    for (const [patients] of await ofOnePatient()) expect(patients).toBe(2);
    const person = { name: null, patientId: 'P1', birthDate: null, sex: null };
    for (const { StudyInstanceUID } of exams) world.archive.patients.set(StudyInstanceUID, person);
    const found = await ofOnePatient();
    expect(found.length).toBeGreaterThan(0);
    for (const one of found) expect(one).toEqual([1, { because: 'all pairs are of one patient' }]);
    world.archive.patients.clear();
  });

  it('says which exams wait, and for what', async () => {
    const { waiting } = await reportOf();
    expect(waiting).toMatchObject([{ there: ['model', 'expert'], missing: ['novice'], readAt: null, whyNot: null }]);
    const page = await (await lea.get(AT)).text();
    expect(page).toContain('One waits:');
    expect(page).toContain('It waits for them.');
  });

  it('is led to from the report of the pipeline itself', async () => {
    const boss = await world.signedIn('boss', 'administrator');
    const page = await (await boss.get(`/evaluations/${LIVER_EVALUATION.name}`)).text();
    expect(page).toContain(`href="${AT}"`);
    expect(await (await lea.get('/evaluations')).text()).toContain(`href="${AT}"`);
  });

  it('leaves out exams that were withdrawn', async () => {
    const [exam] = exams;
    await withdrawExam(world, exam?.StudyInstanceUID ?? '', 'withdrawn');
    expect((await reportOf()).exams).toBe(1);
    expect(await linesOf(`${AT}/export.csv`)).toHaveLength(3 * 2 * 4);
    await withdrawExam(world, exam?.StudyInstanceUID ?? '', 'restored');
  });
});

describe('the tables of blinded reads', () => {
  it('have one row per reader, copy and question, with the source for who leads alone', async () => {
    const rows = await linesOf(`${AT}/export.csv`);
    expect(rows).toHaveLength(6 * 2 * 4);
    for (const row of rows) {
      const copy = copies.find(({ id }) => id === row.copy);
      expect(row).toMatchObject({ source: copy?.source, counted: 'yes', study_instance_uid: copy?.studyInstanceUid });
      if (row.question === 'outline') expect(row.value).toBe(String(OUTLINES[row.reader ?? '']?.[copy?.source ?? '']));
    }
    const places = new Set(rows.filter(({ reader }) => reader === 'ann').map(({ place }) => place));
    expect([...places].sort()).toEqual(['1', '2', '3']);
    const dan = await world.signedIn('dan', 'data-scientist', EVALUATION);
    const [others] = await linesOf(`${AT}/export.csv`, dan);
    expect(Object.keys(others ?? {})).not.toContain('source');
    expect((await dan.get(`${AT}/volumes.csv`)).status).toBe(403);
  });

  it('are explained column by column', async () => {
    const dictionary = await (await lea.get(`${AT}/dictionary.csv`)).text();
    for (const table of ['export', 'volumes']) {
      const [row] = await linesOf(`${AT}/${table}.csv`);
      for (const column of Object.keys(row ?? {})) expect(dictionary).toContain(`${table}.csv,${column},`);
    }
  });
});

describe('the key', () => {
  it('is for who leads the evaluation, and each look at it is written down', async () => {
    const looks = async () =>
      (await (await world.api('/api/v1/audit?action=key-viewed&actor=lea')).json()).entries.length;
    const before = await looks();
    const key = BlindingKey.parse(await (await lea.get(`/api/v1${AT}/key`)).json());
    expect(key.copies.map(({ id, source }) => [id, source]).sort()).toEqual(
      copies.map(({ id, source }) => [id, source]).sort(),
    );
    const page = await (await lea.get(`${AT}/key`)).text();
    for (const { id } of copies) expect(page).toContain(id);
    expect(await linesOf(`${AT}/key.csv`)).toHaveLength(6);
    expect(await looks()).toBe(before + 3);
    const ann = await world.signedIn('ann', 'reader', EVALUATION);
    for (const path of [AT, `${AT}/key`, `${AT}/key.csv`, `/api/v1${AT}/key`, `/api/v1${AT}/blinded`]) {
      expect((await ann.get(path)).status, path).toBe(403);
    }
  });
});
