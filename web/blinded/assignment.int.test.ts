import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlindedReport } from '../../schemas/blinded.ts';
import { assignment, blindedCopy, roleGrant } from '../../schemas/database/web.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { type BlindedExam, makeBlindedExam } from '../../tests/blinded-exam.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { setDisabled } from '../accounts/accounts.ts';
import { ReadersView } from '../reading/readers.ts';
import { BLINDED_EVALUATION, LIVER_EVALUATION } from '../testing/pipelines.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';
import { CopyList } from './list.ts';
import { sendRead } from './reads.fixture.ts';

const { name: EVALUATION } = BLINDED_EVALUATION;
const SHARED = Evaluation.parse({
  ...BLINDED_EVALUATION,
  reading: { ...BLINDED_EVALUATION.reading, readersPerCase: 2, assignment: 'balanced' },
});
const READERS = ['ann', 'bob', 'cem'];
const ANSWERS = [{ question: 'plan', subject: 'exam', value: 'as-it-is' }];

let postgres: TestPostgres;
let world: World;
let exams: BlindedExam[];
let copies: (typeof blindedCopy.$inferSelect)[];
let browsers: Map<string, Browser>;
let lea: Browser;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [LIVER_EVALUATION, SHARED]);
  exams = [];
  for (const seed of ['one', 'two', 'three', 'four'])
    exams.push(await makeBlindedExam(world, { seed: `given ${seed}` }));
  browsers = new Map();
  for (const name of READERS) browsers.set(name, await world.signedIn(name, 'reader', EVALUATION));
  lea = await world.signedIn('lea', 'evaluation-lead', EVALUATION);
  await world.parts.copies.makeDue(world.parts.now());
  copies = await world.database.db.select().from(blindedCopy);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const browserOf = (name: string): Browser => {
  const browser = browsers.get(name);
  if (browser === undefined) throw new Error(`${name} is no reader.`);
  return browser;
};
const examsOf = async (name: string) => {
  const { evaluations } = CopyList.parse(await (await browserOf(name).get('/api/v1/copies')).json());
  return evaluations[0]?.exams ?? [];
};
const studiesOf = async (name: string) => (await examsOf(name)).map(({ studyInstanceUid }) => studyInstanceUid);
const reportOf = async () =>
  BlindedReport.parse(await (await lea.get(`/api/v1/evaluations/${EVALUATION}/blinded`)).json());
const copiesOfExam = (study: string) => copies.filter(({ studyInstanceUid }) => studyInstanceUid === study);
const given = async () => {
  const rows = await world.database.db.select().from(assignment);
  return rows.filter(({ releasedAt }) => releasedAt === null);
};
const copyOf = (study: string) => copiesOfExam(study)[0]?.id ?? '';
/** Sends what is asked of a reader about all copies of an exam. */
const readWhole = async (author: string, study: string) => {
  for (const { id } of copiesOfExam(study)) await sendRead(world, { copy: id, author, minutes: 2, answers: ANSWERS });
};

describe('blinded reads by so many readers of each exam', () => {
  it('are given out evenly, and each reader finds their own exams alone', async () => {
    const lists = new Map<string, string[]>();
    for (const name of READERS) lists.set(name, await studiesOf(name));
    expect([...lists.values()].map((own) => own.length).sort()).toEqual([2, 3, 3]);
    for (const { StudyInstanceUID } of exams) {
      const own = READERS.filter((name) => lists.get(name)?.includes(StudyInstanceUID));
      expect(own).toHaveLength(2);
      const other = READERS.find((name) => !own.includes(name)) ?? '';
      const refused = await browserOf(other).get(`/copies/${copyOf(StudyInstanceUID)}`);
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('given to other readers')]);
      for (const path of ['/file', '/viewer', `/dicomweb/studies/${StudyInstanceUID}/series`]) {
        const answer = await browserOf(other).get(`/copies/${copyOf(StudyInstanceUID)}${path}`);
        expect(answer.status, path).toBe(403);
      }
    }
  });

  it('are counted in the report by what each reader was given', async () => {
    const [first] = exams;
    const study = first?.StudyInstanceUID ?? '';
    const [one = '', other = ''] = (await given()).flatMap((row) => (row.studyInstanceUid === study ? row.reader : []));
    await readWhole(one, study);
    const before = await reportOf();
    expect(before).toMatchObject({ readersPerCase: 2, assignment: 'balanced', exams: 4, complete: 0, short: 0 });
    await readWhole(other, study);
    const report = await reportOf();
    expect(report.complete).toBe(1);
    const counts = await Promise.all(READERS.map(async (name) => [name, 3 * (await studiesOf(name)).length]));
    expect(report.readers.map(({ reader, of }) => [reader, of])).toEqual(counts);
    expect(report.readers.map(({ sent }) => sent).sort()).toEqual([0, 3, 3]);
    expect(report.readers.find(({ sent }) => sent === 0)?.lastSentAt).toBeNull();
    const page = await (await lea.get(`/evaluations/${EVALUATION}`)).text();
    expect(page, 'what an exam waits for').toContain(
      'Readers get it when there is one of each: model, expert, novice.',
    );
    expect(page).toContain('Each exam is read by 2 readers');
    expect(page).toContain('One is read to the end.');
    const view = ReadersView.parse(await (await lea.get(`/api/v1/evaluations/${EVALUATION}/readers`)).json());
    expect(view.readers.map(({ reader, exams: own }) => [reader, (own?.given ?? 0) * 3])).toEqual(counts);
    expect(view.readers.map(({ exams: own }) => (own?.given ?? 0) - (own?.unread ?? 0)).sort()).toEqual([0, 1, 1]);
    expect((await lea.get(`/evaluations/${EVALUATION}/readers`)).status).toBe(200);
  });

  it('go to another by who leads, but not what a reader has begun, nor to who has looked at a result', async () => {
    const dot = await world.signedIn('dot', 'reader', null);
    browsers.set('dot', dot);
    // The lot decides who has how many: somebody has two that they have not begun.
    const unreadOf = async (name: string) =>
      (await given()).flatMap(({ reader, studyInstanceUid }) =>
        reader === name && studyInstanceUid !== exams[0]?.StudyInstanceUID ? studyInstanceUid : [],
      );
    const counts = await Promise.all(READERS.map(async (name) => ({ name, unread: await unreadOf(name) })));
    const { name: from, unread } = counts.find((one) => one.unread.length > 1) ?? { name: '', unread: [] };
    const [seen] = unread;
    const run = exams.find(({ StudyInstanceUID }) => StudyInstanceUID === seen)?.runs.get('model');
    expect((await dot.get(`/runs/${run}`)).status).toBe(200);
    await world.database.db.update(roleGrant).set({ evaluation: EVALUATION }).where(eq(roleGrant.account, 'dot'));
    expect(await examsOf('dot'), 'all exams have their readers').toEqual([]);

    const token = await lea.field(`/evaluations/${EVALUATION}/readers`, 'form-token');
    const fields = { 'form-token': token, from, to: 'dot', reason: 'On leave.' };
    const done = await (await lea.post(`/evaluations/${EVALUATION}/readers`, fields)).text();
    expect(done).toContain('1 could not be given to that reader, and stay.');
    expect((await studiesOf('dot')).length).toBe(unread.length - 1);
    expect(await studiesOf('dot')).not.toContain(seen);
    expect(await studiesOf(from)).toContain(seen);
  });

  it('go to others when a reader leaves; an exam that nobody else may read is said to be short', async () => {
    await setDisabled(world.database, 'bob', new Date());
    await setDisabled(world.database, 'cem', new Date());
    await studiesOf('ann');
    const rows = await given();
    const report = await reportOf();
    const readersLeft = (study: string) => rows.filter(({ studyInstanceUid }) => studyInstanceUid === study).length;
    const short = exams.filter(({ StudyInstanceUID }) => readersLeft(StudyInstanceUID) < 2);
    expect(report.short).toBe(short.length);
    expect(short.length).toBeGreaterThan(0);
    expect(await (await lea.get(`/evaluations/${EVALUATION}`)).text()).toMatch(/fewer readers than that/);
  });
});

describe('a reader who has come to see a result of an exam that they were given', () => {
  it('is relieved of it, where they have sent nothing of it', async () => {
    const own = await studiesOf('ann');
    const study = own.find((one) => one !== exams[0]?.StudyInstanceUID) ?? '';
    const run = exams.find(({ StudyInstanceUID }) => StudyInstanceUID === study)?.runs.get('model');
    const { db } = world.database;
    await db.update(roleGrant).set({ evaluation: null }).where(eq(roleGrant.account, 'ann'));
    expect((await browserOf('ann').get(`/runs/${run}`)).status).toBe(200);
    await db.update(roleGrant).set({ evaluation: EVALUATION }).where(eq(roleGrant.account, 'ann'));
    expect(await studiesOf('ann')).not.toContain(study);
    const released = (await db.select().from(assignment)).filter(({ reader }) => reader === 'ann');
    expect(released.find(({ studyInstanceUid }) => studyInstanceUid === study)).toMatchObject({
      releaseReason: 'Has looked at a result of the exam.',
    });
  });
});
