import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlindedReport } from '../../schemas/blinded.ts';
import { allocation, blindedCopy } from '../../schemas/database/web.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { makeBlindedExam } from '../../tests/blinded-exam.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { ReadersView } from '../reading/readers.ts';
import { BLINDED_EVALUATION, LIVER_EVALUATION } from '../testing/pipelines.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';
import { CopyList } from './list.ts';
import { sendRead } from './reads.fixture.ts';

const { name: EVALUATION } = BLINDED_EVALUATION;
const AT = `/evaluations/${EVALUATION}`;
const WITH_ARMS = Evaluation.parse({
  ...BLINDED_EVALUATION,
  reading: {
    ...BLINDED_EVALUATION.reading,
    readersPerCase: 1,
    arms: [{ name: 'plain' }, { name: 'measured', showVolumes: true }],
  },
});

let postgres: TestPostgres;
let world: World;
let ann: Browser;
let lea: Browser;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [LIVER_EVALUATION, WITH_ARMS]);
  for (const seed of ['one', 'two', 'three', 'four']) await makeBlindedExam(world, { seed: `arm ${seed}` });
  await world.parts.copies.makeDue(world.parts.now());
  ann = await world.signedIn('ann', 'reader', EVALUATION);
  lea = await world.signedIn('lea', 'evaluation-lead', EVALUATION);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

describe('blinded reads with arms', () => {
  it('show of an exam nothing before it has come to an arm', async () => {
    const [copy] = await world.database.db.select().from(blindedCopy);
    const answer = await ann.get(`/copies/${copy?.id}`);
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('has come to no arm')]);
  });

  it('let each exam come to one arm, and show what that arm shows', async () => {
    const { evaluations } = CopyList.parse(await (await ann.get('/api/v1/copies')).json());
    const exams = evaluations[0]?.exams ?? [];
    expect(exams).toHaveLength(4);
    const arms = new Map(
      (await world.database.db.select().from(allocation)).map((row) => [row.studyInstanceUid, row.arm]),
    );
    expect([...arms.values()].sort()).toEqual(['measured', 'measured', 'plain', 'plain']);
    for (const { studyInstanceUid, copies } of exams) {
      const page = await (await ann.get(`/copies/${copies.find(({ state }) => state === 'asked')?.id}`)).text();
      expect(page.includes('Its volumes'), arms.get(studyInstanceUid)).toBe(arms.get(studyInstanceUid) === 'measured');
      expect(page, 'the arm is no business of a reader').not.toContain('measured');
    }
  });

  it('are reported arm by arm, and nothing of two is counted together', async () => {
    const arms = new Map(
      (await world.database.db.select().from(allocation)).map((row) => [row.studyInstanceUid, row.arm]),
    );
    for (const { id, studyInstanceUid } of await world.database.db.select().from(blindedCopy)) {
      const isPlain = arms.get(studyInstanceUid) === 'plain';
      const answers = [{ question: 'plan', subject: 'exam', value: isPlain ? 'no' : 'as-it-is' }];
      await sendRead(world, { copy: id, author: 'ann', minutes: 2, answers });
    }
    const report = BlindedReport.parse(await (await lea.get(`/api/v1${AT}/blinded`)).json());
    expect(report).toMatchObject({ exams: 4, complete: 4, readersPerCase: 1, ratings: [], agreement: [], volumes: [] });
    expect(report.arms.map(({ arm, showVolumes, exams, complete }) => [arm, showVolumes, exams, complete])).toEqual([
      ['plain', false, 2, 2],
      ['measured', true, 2, 2],
    ]);
    for (const { arm, ratings, times, volumes } of report.arms) {
      const plan = ratings.filter(({ question, source }) => question === 'plan' && source === 'model');
      expect(plan.map(({ chosen }) => [chosen?.no, chosen?.['as-it-is']])).toEqual([arm === 'plain' ? [2, 0] : [0, 2]]);
      expect(times[0]?.active).toMatchObject({ count: 2 });
      expect(volumes[0]).toMatchObject({ exams: 2 });
    }
    const page = await (await lea.get(AT)).text();
    expect(page).toContain('Exams come at random to the arms plain (1) : measured (1)');
    expect(page).toContain('2 exams, of which 2 are read to the end.');
  });

  it('say the arm of each exam in tables, and of each reader how many exams of each', async () => {
    const [head = '', ...lines] = (await (await lea.get(`${AT}/export.csv`)).text()).trimEnd().split('\r\n');
    const place = head.split(',').indexOf('arm');
    const found = lines.map((line) => line.split(',')[place]);
    expect(found.toSorted()).toEqual([...Array(6).fill('measured'), ...Array(6).fill('plain')]);
    const { readers } = ReadersView.parse(await (await lea.get(`/api/v1${AT}/readers`)).json());
    expect(readers).toMatchObject([
      {
        reader: 'ann',
        exams: { given: 4, unread: 0 },
        arms: [
          { arm: 'plain', given: 2 },
          { arm: 'measured', given: 2 },
        ],
      },
    ]);
  });
});
