import path from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { allocation, assignment, audit } from '../../schemas/database/web.ts';
import { Evaluation, type Reading } from '../../schemas/evaluation.ts';
import { DetectionResult } from '../../schemas/result.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { setDisabled } from '../accounts/accounts.ts';
import { loadEvaluations } from '../evaluations/load.ts';
import { hold, whenWaiting } from '../testing/locks.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';
import { addTrendEntry } from '../trend/entries.ts';
import { allocateExams } from './allocate.ts';
import { armAt, designOf, lotKey } from './arms.ts';
import { assignReaders } from './assign.ts';
import { ReadingListView } from './handlers.ts';
import { ReadersView } from './readers.ts';

const HIPS = loadEvaluations([path.join(HOME, 'pipelines')]).get('hip-fracture-detection');
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

async function worldWith(reading: Partial<Reading>): Promise<World> {
  if (HIPS === undefined) throw new Error('There is no evaluation of hips.');
  const evaluation = Evaluation.parse({ ...HIPS, reading: { ...HIPS.reading, qualityReview: undefined, ...reading } });
  return makeWorld(await postgres.fresh(), [evaluation]);
}

async function made(world: World, number: number, amends?: { id: string; study: string }) {
  const { id, result } = await world.run(amends === undefined ? {} : { amends: amends.id, study: amends.study });
  world.archive.patients.set(DetectionResult.parse(result).studyInstanceUid, {
    name: 'Phantom',
    patientId: `P-${number}`,
    birthDate: '1950-01-01',
    sex: number % 2 === 0 ? 'F' : 'M',
  });
  return { id, study: DetectionResult.parse(result).studyInstanceUid };
}

const runsOf = async (world: World, count: number) => {
  const runs: { id: string; study: string }[] = [];
  for (let number = 0; number < count; number += 1) runs.push(await made(world, number));
  return runs;
};
const casesOf = async (browser: Browser) => {
  const text = await (await browser.get('/api/v1/reading')).text();
  return ReadingListView.parse(JSON.parse(text)).evaluations[0]?.cases ?? [];
};
const pageOf = async (browser: Browser, run: { id: string }) => (await browser.get(`/runs/${run.id}`)).text();

describe('an evaluation with arms', () => {
  const ARMS = [
    { name: 'unaided', share: 1 },
    { name: 'shown', mode: 'model-shown' as const, share: 1 },
  ];

  it.each([ARMS, ARMS.toReversed()])(
    'gives exams out also where arms are declared of exams that readers have already, at two looks at once',
    async (...arms) => {
      const world = await worldWith({ arms, readersPerCase: 1 });
      const [evaluation] = world.parts.evaluations.values();
      if (evaluation === undefined) throw new Error('There is no evaluation.');
      const { db } = world.database;
      await world.account('ann', 'reader');
      const of = { evaluation: evaluation.name, createdAt: world.parts.now() };
      const fresh = await runsOf(world, 2);
      const places = fresh.map(({ study }, at) => ({ studyInstanceUid: study, arm: arms[at]?.name ?? '', place: at }));
      await db.insert(allocation).values(places.map((place) => ({ ...of, ...place, design: 'before', stratum: '' })));
      const release = await hold(
        world.database,
        `set local session_replication_role = replica; insert into web.assignment (evaluation, study_instance_uid, reader, created_at)
        values ('${evaluation.name}', '${fresh[1]?.study}', 'ann', now())`,
      );
      const assigning = assignReaders(world.parts, evaluation);
      await whenWaiting(world.database, 1);
      const old = await runsOf(world, 4);
      await db.insert(assignment).values(old.map(({ study }) => ({ ...of, studyInstanceUid: study, reader: 'ann' })));
      const allocating = allocateExams(world.parts, evaluation);
      await whenWaiting(world.database, 2);
      await release();
      expect(await Promise.all([assigning, allocating])).toEqual(['all', 'all']);
      await world.close();
    },
  );

  it('lets each exam come to one arm for good, half of each stratum to each, and shows only what that arm shows', async () => {
    const world = await worldWith({ arms: ARMS, stratify: ['sex'] });
    const reader = await world.signedIn('ann', 'reader');
    const runs = await runsOf(world, 8);
    const cases = await casesOf(reader);
    expect(cases.map(({ stage }) => stage).sort()).toEqual([...Array(4).fill('aided'), ...Array(4).fill('unaided')]);
    const rows = await world.database.db.select().from(allocation);
    for (const sex of ['F', 'M']) {
      const own = rows.filter(({ stratum }) => stratum === `sex=${sex}`);
      expect(own.map(({ arm }) => arm).sort()).toEqual(['shown', 'shown', 'unaided', 'unaided']);
    }
    const key = lotKey(world.parts.launchKey);
    for (const { arm, stratum, place, design } of rows) {
      expect(design).toBe(designOf(ARMS));
      expect(armAt(ARMS, key, { evaluation: 'hip-fracture-detection', stratum, place })).toBe(arm);
    }
    for (const run of runs) {
      const isShown = rows.find(({ studyInstanceUid }) => studyInstanceUid === run.study)?.arm === 'shown';
      expect(/class-fracture/.test(await pageOf(reader, run)), 'the model is in view').toBe(isShown);
      const answer = await (await reader.get(`/api/v1/runs/${run.id}`)).text();
      expect(/"confidence"/.test(answer), 'and in the API').toBe(isShown);
    }
    const [first] = runs;
    if (first === undefined) throw new Error('There is no run.');
    await made(world, 0, first);
    await casesOf(reader);
    expect(await world.database.db.select().from(allocation), 'an amended run stays in its arm').toEqual(rows);
    await expect(world.database.db.update(allocation).set({ arm: 'shown' })).rejects.toThrow();
    await world.close();
  });

  it('lets more people look at once than there are connections to PostgreSQL', async () => {
    const world = await worldWith({ arms: ARMS });
    const { archive, database } = world.parts;
    const { examFacts } = archive;
    archive.examFacts = async (...asked) => {
      await database.db.execute(sql`select 'the archive is in the same database'`);
      return examFacts(...asked);
    };
    const reader = await world.signedIn('ann', 'reader');
    await runsOf(world, 4);
    const looks = await Promise.all(Array.from({ length: 12 }, () => casesOf(reader)));
    expect(looks.map((cases) => cases.length)).toEqual(Array(12).fill(4));
    await world.close();
  });

  it('shows nothing of an exam before it has come to an arm', async () => {
    const world = await worldWith({ arms: ARMS, qualityReview: HIPS?.reading.qualityReview });
    const reader = await world.signedIn('ann', 'reader');
    const reviewer = await world.signedIn('quinn', 'quality-reviewer');
    for (const run of await runsOf(world, 4)) {
      expect(await pageOf(reviewer, run), 'whose quality is judged before').toContain('value="quality"');
      expect(await pageOf(reader, run)).not.toMatch(/class-fracture/);
      expect(await pageOf(reader, run)).toContain('A quality reviewer looks at the images first');
    }
    expect(await world.database.db.select().from(allocation)).toEqual([]);
    await world.close();
  });
});

describe('exams that are shared out', () => {
  it('go to others when a reader leaves, but not what the reader has answered', async () => {
    const world = await worldWith({ mode: 'model-shown', readersPerCase: 1 });
    const [ann, bob] = [await world.signedIn('ann', 'reader'), await world.signedIn('bob', 'reader')];
    await runsOf(world, 4);
    const own = await casesOf(ann);
    expect([own.length, (await casesOf(bob)).length]).toEqual([2, 2]);
    const page = await pageOf(ann, { id: own[0]?.run ?? '' });
    const hidden = Object.fromEntries(
      ['form-token', 'id', 'author', 'stage', 'evaluation-version'].map((name) => {
        const form = page.slice(page.indexOf('data-draft-key'));
        return [name, new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1] ?? ''];
      }),
    );
    expect((await ann.post(`/runs/${own[0]?.run}/feedback`, { ...hidden, action: 'agree' })).status).toBe(303);
    await setDisabled(world.database, 'ann', new Date());
    expect((await casesOf(bob)).map(({ run }) => run)).toContain(own[1]?.run);
    expect(await casesOf(bob)).toHaveLength(3);
    const released = (await world.database.db.select().from(assignment)).filter((row) => row.releasedAt !== null);
    expect(released).toMatchObject([{ reader: 'ann', releaseReason: 'Reads in this evaluation no more.' }]);
    await world.close();
  });

  it('are given to somebody else by who leads the evaluation, which is in the audit', async () => {
    const world = await worldWith({ mode: 'unaided-first', readersPerCase: 1, assignment: 'random' });
    const [ann, bob] = [await world.signedIn('ann', 'reader'), await world.signedIn('bob', 'reader')];
    const lead = await world.signedIn('lea', 'evaluation-lead');
    await runsOf(world, 10);
    const before = (await casesOf(ann)).length;
    expect(before + (await casesOf(bob)).length).toBe(10);
    const at = '/evaluations/hip-fracture-detection/readers';
    const token = await lead.field(at, 'form-token');
    const give = (fields: Record<string, string>) => lead.post(at, { 'form-token': token, to: '', ...fields });
    expect((await give({ from: 'ann', reason: '' })).status).toBe(422);
    expect((await give({ from: 'ann', to: 'lea', reason: 'On leave.' })).status, 'who leads is no reader').toBe(422);
    const done = await give({ from: 'ann', reason: 'On leave.' });
    expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('taken from ann')]);
    expect([(await casesOf(ann)).length, (await casesOf(bob)).length]).toEqual([0, 10]);
    const view = ReadersView.parse(
      JSON.parse(await (await lead.get('/api/v1/evaluations/hip-fracture-detection/readers')).text()),
    );
    expect(view.readers).toMatchObject([
      { reader: 'ann', reads: true, exams: { given: 0, unread: 0 } },
      { reader: 'bob', reads: true, exams: { given: 10, unread: 10 } },
    ]);
    const written = (await world.database.db.select().from(audit)).filter(
      ({ action }) => action === 'reading-reassigned',
    );
    expect(written).toHaveLength(before);
    expect(written[0]).toMatchObject({ actor: 'lea', detail: 'from ann to the others: On leave.' });
    expect((await give({ from: 'bob', to: 'ann', reason: 'Back.' })).status).toBe(200);
    expect((await casesOf(ann)).length, 'what was taken can be given again').toBe(10);
    await world.close();
  });
});

describe('an exam that somebody withdrew', () => {
  it('is on no list, and its page says why', async () => {
    const world = await worldWith({});
    const reader = await world.signedIn('ann', 'reader');
    const [run] = await runsOf(world, 1);
    if (run === undefined) throw new Error('There is no run.');
    expect(await casesOf(reader)).toHaveLength(1);
    const entry = { pipeline: 'hip-fracture-detection', studyInstanceUid: run.study, author: 'lea' };
    const said = { ...entry, reason: 'Wrong hip.', createdAt: new Date().toISOString() };
    await addTrendEntry(world.database, 'hip-fracture-detection', {
      ...said,
      id: crypto.randomUUID(),
      kind: 'withdrawn',
    });
    expect(await casesOf(reader)).toHaveLength(0);
    expect(await pageOf(reader, run)).toContain('was withdrawn, and is not read: Wrong hip.');
    const later = new Date(Date.now() + 1000).toISOString();
    await addTrendEntry(world.database, 'hip-fracture-detection', {
      ...said,
      id: crypto.randomUUID(),
      kind: 'restored',
      createdAt: later,
    });
    expect(await casesOf(reader)).toHaveLength(1);
    await world.close();
  });
});
