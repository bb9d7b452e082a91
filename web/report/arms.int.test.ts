import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allocation, trendEntry } from '../../schemas/database/web.ts';
import { Evaluation, type Stage } from '../../schemas/evaluation.ts';
import { EvaluationReport } from '../../schemas/report.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { askingAbout, detectionOf, projectRuns, sendEntries } from '../testing/reads.ts';
import { makeWorld, type World } from '../testing/world.ts';

const PIPELINE = 'hip-fracture-detection';
const EVALUATION = Evaluation.parse({
  name: 'hips',
  version: '1.0.0',
  title: 'Hips',
  pipeline: PIPELINE,
  reading: { mode: 'unaided-first', arms: [{ name: 'before' }, { name: 'shown', mode: 'model-shown' }] },
  reference: { question: 'read', positive: ['fracture'], negative: ['no-fracture'] },
  questions: [
    {
      name: 'read',
      label: 'Read',
      per: 'hip',
      kind: 'choice',
      options: [
        { value: 'fracture', label: 'Fracture' },
        { value: 'no-fracture', label: 'No fracture' },
      ],
    },
  ],
});
const at = (minutes: number) => new Date(Date.UTC(2026, 0, 31, 8, minutes));
const study = (number: number) => `1.2.840.${number}`;

let postgres: TestPostgres;
let world: World;
let ask: (path: string) => Promise<Response>;
let report: EvaluationReport;

const rowsAt = async (path: string) => (await (await ask(path)).text()).trimEnd().split('\r\n').slice(1);

/** Exams 1 and 2 in the arm `before`, 3 and 4 in the arm `shown`; 2 amended; 5 withdrawn; 6 in no arm yet. */
beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  ask = askingAbout(world, [EVALUATION]);
  const run = (name: string, number: number, amends?: string) => ({
    ...{ name, study: study(number), pipeline: PIPELINE, createdAt: at(number + (amends === undefined ? 0 : 20)) },
    ...(amends === undefined ? {} : { amends }),
    result: detectionOf(name, study(number), { right: 'fracture' }),
  });
  await projectRuns(world, [
    ...[1, 2, 3, 4, 5, 6].map((number) => run(`run ${number}`, number)),
    run('run 2 amended', 2, 'run 2'),
  ]);
  await world.database.db.insert(allocation).values(
    [1, 2, 3, 4].map((number) => ({
      ...{ evaluation: 'hips', studyInstanceUid: study(number), arm: number < 3 ? 'before' : 'shown' },
      ...{ design: 'x', stratum: '', place: number, createdAt: at(0) },
    })),
  );
  await world.database.db.insert(trendEntry).values({
    ...{ id: randomUUID(), pipeline: PIPELINE, studyInstanceUid: study(5), kind: 'withdrawn', author: 'lea' },
    ...{ reason: 'Wrong patient.', createdAt: at(40) },
  });
  const sent = (name: string, author: string, stage: Stage, value: string) => ({
    ...{ run: name, evaluation: EVALUATION, author, stage, createdAt: at(50) },
    answers: [{ question: 'read', subject: 'right', value }],
  });
  await sendEntries(world, [
    sent('run 1', 'ann', 'unaided', 'fracture'),
    sent('run 1', 'bob', 'unaided', 'fracture'),
    sent('run 1', 'ann', 'aided', 'fracture'),
    sent('run 2', 'ann', 'unaided', 'no-fracture'),
    sent('run 3', 'ann', 'aided', 'fracture'),
    sent('run 3', 'bob', 'aided', 'no-fracture'),
    sent('run 4', 'ann', 'aided', 'no-fracture'),
  ]);
  report = EvaluationReport.parse(JSON.parse(await (await ask('/api/v1/evaluations/hips/report')).text()));
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

describe('the report of an evaluation with arms', () => {
  it('counts nothing that people said over all arms, only how exams come to them', () => {
    const { readers, agreement, confusion, influence, reference, accuracy, reviewTimes, volumes } = report;
    expect([readers, agreement, confusion, influence, accuracy, reviewTimes, volumes].flat()).toEqual([]);
    expect(reference).toBeNull();
    const steps = report.flow.steps.map(({ name, count }) => [name, count]);
    expect(Object.fromEntries(steps)).toEqual({ exams: 6, counted: 5, result: 5, arm: 4 });
  });

  it('says why exams were withdrawn, and leads to them', async () => {
    const [first] = report.flow.exclusions;
    expect(first).toMatchObject({ from: 'counted', label: 'Withdrawn: Wrong patient.', count: 1 });
    expect(await rowsAt(first?.rows ?? '')).toEqual([expect.stringContaining('Wrong patient.')]);
  });

  it('counts each arm for itself, in its own mode', () => {
    const shown = report.arms.map(({ arm, mode, readers, agreement }) => ({
      ...{ arm, mode },
      sent: Object.fromEntries(readers.map(({ reader, sent }) => [reader, sent])),
      stages: agreement.map(({ stage, cases }) => [stage, cases]),
    }));
    expect(shown).toEqual([
      {
        ...{ arm: 'before', mode: 'unaided-first' },
        sent: { ann: { unaided: 1, aided: 1 }, bob: { unaided: 1 } },
        stages: [
          ['unaided', 1],
          ['aided', 1],
        ],
      },
      { arm: 'shown', mode: 'model-shown', sent: { ann: { aided: 2 }, bob: { aided: 1 } }, stages: [['aided', 2]] },
    ]);
    expect(report.arms.map(({ reference }) => reference?.alike)).toEqual([1, 0]);
  });

  it('leads from each figure to the rows of its arm alone, and has the arm in every table', async () => {
    for (const { arm, readers, flow } of report.arms) {
      const [reader] = readers;
      const rows = await rowsAt(reader?.rows ?? '');
      expect(rows).toHaveLength(Object.values(reader?.sent ?? {}).reduce((sum, count) => sum + count, 0));
      expect(rows.every((row) => row.includes(`,${arm},`))).toBe(true);
      for (const step of flow.steps) expect(await rowsAt(step.rows), step.name).toHaveLength(step.count);
    }
    const cases = await (await ask('/evaluations/hips/cases.csv')).text();
    expect(cases.split('\r\n')[0]).toContain(',arm,');
    expect(cases).toContain(',shown,');
  });

  it('counts what was given to an earlier run nowhere, and says how much that is', async () => {
    expect(report.ofEarlierRuns.entries).toBe(1);
    expect(await rowsAt(report.ofEarlierRuns.rows)).toHaveLength(1);
  });

  it('stands on the page arm by arm', async () => {
    const page = await (await ask('/evaluations/hips')).text();
    expect(page).toContain('Arm before');
    expect(page).toContain('Arm shown');
    expect(page).toContain('in permuted blocks');
  });
});
