import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { RunView } from '../../schemas/api.ts';
import { allocation, assignment, feedback, readerCase, roleGrant, run } from '../../schemas/database/web.ts';
import { Evaluation, type Reading, Stage } from '../../schemas/evaluation.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { setDisabled } from '../accounts/accounts.ts';
import { loadEvaluations } from '../evaluations/load.ts';
import { sendFeedback } from '../feedback/entries.ts';
import { freshUid } from '../testing/results.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { addTrendEntry } from '../trend/entries.ts';
import { evaluationIn } from './arms.ts';
import { participantsOf } from './assign.ts';
import { caseOf } from './case.ts';
import { followLists, giveOut } from './give-out.ts';
import { readingList } from './list.ts';
import { readersOfEvaluation, reassign } from './readers.ts';
import { stagesOf, standingOf } from './standing.ts';

const PIPELINE = 'hip-fracture-detection';
const HIPS = loadEvaluations([path.join(HOME, 'pipelines')]).get(PIPELINE);
const ARMS = [
  { name: 'first', share: 1 },
  { name: 'second', mode: 'model-shown' as const, share: 1 },
];

/** Ways to declare one evaluation, one after the other. */
const DECLARED: readonly Partial<Reading>[] = [
  { readersPerCase: 'all' },
  { readersPerCase: 2 },
  { readersPerCase: 1, assignment: 'random', arms: ARMS },
  {
    readersPerCase: 2,
    arms: [
      { name: 'first', mode: 'model-shown', share: 1 },
      { name: 'third', share: 2 },
    ],
  },
  { readersPerCase: 'all', arms: ARMS, qualityReview: undefined },
  { readersPerCase: 'all', mode: 'model-shown' },
];
const declaredSo = (reading: Partial<Reading>) =>
  Evaluation.parse({ ...HIPS, reading: { ...HIPS?.reading, ...reading } });

let postgres: TestPostgres;
let world: World;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [declaredSo({})]);
  for (const [name, role] of [
    ['ann', 'reader'],
    ['bob', 'reader'],
    ['cem', 'reader'],
    ['lea', 'evaluation-lead'],
    ['quinn', 'quality-reviewer'],
  ] as const) {
    await world.account(name, role);
  }
  const both = { account: 'quinn', role: 'reader', origin: 'person', grantedAt: new Date() } as const;
  await world.database.db.insert(roleGrant).values(both);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

/** The same numbers below 1 each time. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

/** What everybody has to do, by person: `<run> <stage>`, as one exam after the other says it. */
async function asked(evaluation: Evaluation): Promise<Map<string, string[]>> {
  const runs = await world.database.db.select().from(run);
  const current = runs.filter(({ id, readable }) => readable && !runs.some(({ amends }) => amends === id));
  const cases = await Promise.all(
    current.map(async ({ view }) => ({ view, of: await caseOf(world.parts, evaluation, view) })),
  );
  const people = await participantsOf(world.parts, evaluation);
  return new Map(
    people.map((person) => [
      person.name,
      cases
        .flatMap(({ view, of }) => {
          const standing = standingOf(of.evaluation, person, of);
          return standing.kind === 'asked' ? [`${view.id} ${standing.stage}`] : [];
        })
        .sort(),
    ]),
  );
}

/** What each reader was given, has not read, and has done, counted from the rows themselves. */
async function counted(evaluation: Evaluation) {
  const { db } = world.database;
  const [runs, entries, given, arms] = await Promise.all([
    db.select().from(run),
    db.select().from(feedback),
    db.select().from(assignment),
    db.select().from(allocation),
  ]);
  const closed = await db.execute<{ study: string; kind: string }>(sql`select distinct on (study_instance_uid)
    study_instance_uid as study, kind from web.trend_entry order by study_instance_uid, created_at desc, id desc`);
  const armOf = (study: string) => arms.find(({ studyInstanceUid }) => studyInstanceUid === study)?.arm;
  const isRead = (study: string) =>
    evaluation.reading.arms === undefined || evaluation.reading.arms.some(({ name }) => name === armOf(study));
  const current = runs.filter(
    ({ id, readable, studyInstanceUid }) =>
      readable &&
      !runs.some(({ amends }) => amends === id) &&
      !closed.some(({ study, kind }) => study === studyInstanceUid && kind === 'withdrawn') &&
      isRead(studyInstanceUid),
  );
  const isDone = (stage: Stage, study: string) =>
    stage === 'quality' ||
    stage === 'adjudication' ||
    (isRead(study) && stage === stagesOf(evaluationIn(evaluation, armOf(study)).reading).at(-1));
  const held = given.filter(({ releasedAt }) => releasedAt === null);
  return {
    done: (person: string) =>
      new Set(
        entries
          .filter(({ author, stage, run: of }) => {
            const study = runs.find(({ id }) => id === of)?.studyInstanceUid ?? '';
            return author === person && isDone(stage, study);
          })
          .map((entry) => entry.run),
      ).size,
    exams: (person: string) => {
      const own = current.filter((one) =>
        held.some(({ reader, studyInstanceUid }) => reader === person && studyInstanceUid === one.studyInstanceUid),
      );
      const isUnread = (id: string) =>
        !entries.some(({ author, stage, run: of }) => author === person && of === id && /aided/.test(stage));
      return { given: own.length, unread: own.filter(({ id }) => isUnread(id)).length };
    },
  };
}

async function compare(evaluation: Evaluation, after: string): Promise<Map<string, string[]>> {
  const { parts, database } = world;
  await giveOut(parts, evaluation);
  const [expected, truth] = [await asked(evaluation), await counted(evaluation)];
  for (const person of await participantsOf(parts, evaluation)) {
    const list = await readingList(database, evaluation, person, 100);
    const listed = list.cases.map((one) => `${one.run} ${one.stage}`).sort();
    expect(listed, `${person.name}, after ${after}`).toEqual(expected.get(person.name));
    expect(list.done, `done by ${person.name}, after ${after}`).toBe(truth.done(person.name));
    const few = await readingList(database, evaluation, person, 1);
    expect([few.cases.length, few.more]).toEqual([Math.min(1, listed.length), listed.length > 1]);
  }
  const { readers } = await readersOfEvaluation(parts, evaluation);
  if (evaluation.reading.readersPerCase !== 'all') {
    for (const { reader, exams } of readers) expect(exams, `${reader}, after ${after}`).toEqual(truth.exams(reader));
  }
  const loads = await database.db.execute(sql`
    select arm, reader, cases from web.reader_load where cases <> 0 order by arm, reader`);
  const rows = await database.db.execute(sql`
    select coalesce(l.arm, '') as arm, x.reader, count(*)::int as cases from web.assignment x
    left join web.allocation l using (evaluation, study_instance_uid) where x.released_at is null group by 1, 2 order by 1, 2`);
  expect([...loads], `loads after ${after}`).toEqual([...rows]);
  const left = await database.db.execute(sql`select 1 from web.reading_change`);
  expect(left, 'all changes are worked off').toHaveLength(0);
  return expected;
}

describe('what is kept of an evaluation', () => {
  it('says of every exam what the exam itself says, whatever happens to it', { timeout: 300_000 }, async () => {
    const { parts, database } = world;
    const { id: model } = await world.run();
    const [like] = await database.db.select().from(run);
    if (like === undefined) throw new Error('There is no run.');
    expect(like.id).toBe(model);
    const random = numbers(20_261_129);
    const pick = <Item>(items: readonly Item[]): Item | undefined =>
      items[Math.floor(random.next().value * items.length)];
    let clock = Date.now();
    const later = () => {
      clock += 1000;
      return new Date(clock);
    };
    const add = async (amended?: RunView) => {
      const id = randomUUID().replaceAll('-', '').repeat(2);
      const studyInstanceUid = amended?.studyInstanceUid ?? freshUid();
      const view = { ...like.view, id, studyInstanceUid, amends: amended?.id ?? null };
      await database.db
        .insert(run)
        .values({ ...like, ...view, createdAt: later(), readable: random.next().value < 0.9, view });
    };
    const newest = async () => {
      const runs = await database.db.select().from(run);
      return runs.filter(({ id }) => !runs.some(({ amends }) => amends === id)).map(({ view }) => view);
    };
    let evaluation = declaredSo({});
    let expected = new Map<string, string[]>();
    const send = async () => {
      const [author, open] = pick([...expected].filter(([, cases]) => cases.length > 0)) ?? [];
      const [of, asking] = pick(open ?? [])?.split(' ') ?? [];
      if (author === undefined || of === undefined) return;
      const stage = Stage.parse(asking);
      const place = { run: of, stage, author, evaluation };
      const usable = { question: 'usable', subject: '1.2', value: random.next().value < 0.8 ? 'good' : 'unusable' };
      const read = { question: 'read', subject: 'left', value: random.next().value < 0.5 ? 'fracture' : 'no-fracture' };
      const rest = { agreedWithAll: false, reviewTime: null, reason: null, now: later() };
      await sendFeedback(database, {
        id: randomUUID(),
        ...place,
        answers: [stage === 'quality' ? usable : read],
        ...rest,
      });
      if (stage === 'aided' && random.next().value < 0.3) {
        const corrected = { ...rest, reason: 'A slip.', answers: [{ ...read, value: 'hardware' }] };
        await sendFeedback(database, { id: randomUUID(), ...place, ...corrected });
      }
    };
    const say = async (kind: 'withdrawn' | 'restored') => {
      const of = pick(await newest());
      if (of === undefined) return;
      const entry = { pipeline: PIPELINE, studyInstanceUid: of.studyInstanceUid, author: 'lea', reason: 'So.' };
      await addTrendEntry(database, PIPELINE, { ...entry, id: randomUUID(), kind, createdAt: later().toISOString() });
    };
    const acts: Record<string, () => Promise<void>> = {
      'a new exam': () => add(),
      'an answer': send,
      'another answer': send,
      'one more answer': send,
      'an amended run': async () => add(pick(await newest())),
      'a withdrawal': () => say('withdrawn'),
      'a return': () => say('restored'),
      'a reassignment': async () => {
        const [from, to] = [pick(['ann', 'bob', 'cem']) ?? '', pick(['ann', 'bob', 'cem', undefined])];
        await reassign(parts, evaluation, { from, to, reason: 'Away.' }, 'lea').catch((error: unknown) => {
          if (!(error instanceof ProblemError)) throw error;
        });
      },
      'somebody gone': () => setDisabled(database, 'cem', later()),
      'somebody back': () => setDisabled(database, 'cem', null),
    };
    for (const [index, reading] of [...DECLARED, ...DECLARED].entries()) {
      evaluation = declaredSo(reading);
      expected = await compare(evaluation, `declaration ${index}`);
      for (let n = 0; n < 8; n += 1) {
        const [name, act] = pick(Object.entries(acts)) ?? [];
        await act?.();
        expected = await compare(evaluation, `${name}, declaration ${index}, act ${n}`);
      }
    }
  });

  it('is brought up to date before anybody looks, at the start and when woken', { timeout: 60_000 }, async () => {
    const { parts, database } = world;
    const waiting = async () => (await database.db.execute(sql`select 1 from web.reading_change`)).length;
    const casesOf = (id: string) => database.db.select().from(readerCase).where(eq(readerCase.run, id));
    const before = await world.run();
    const lists = followLists(parts, parts.log);
    await expect.poll(() => casesOf(before.id), { timeout: 20_000 }).not.toHaveLength(0);
    await expect.poll(waiting, { timeout: 20_000 }).toBe(0);
    const after = await world.run();
    expect(await waiting()).toBeGreaterThan(0);
    lists.wake(1);
    await expect.poll(() => casesOf(after.id), { timeout: 20_000 }).not.toHaveLength(0);
    await lists.stop();
    expect(await waiting()).toBe(0);
  });
});
