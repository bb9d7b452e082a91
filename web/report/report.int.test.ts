import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideApproval } from '../../lib/archive/approvals.ts';
import { feedbackDraft, trendEntry } from '../../schemas/database/web.ts';
import { Evaluation, type FeedbackAnswer, type Stage } from '../../schemas/evaluation.ts';
import { EvaluationReport } from '../../schemas/report.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { createApp } from '../app.ts';
import { askingAbout, detectionOf, projectRuns, runId, sendEntries } from '../testing/reads.ts';
import { API_TOKEN, makeWorld, type World } from '../testing/world.ts';

const PIPELINE = 'hip-fracture-detection';
const EVALUATION = Evaluation.parse({
  name: 'hips',
  version: '2.0.0',
  title: 'Hips <b>',
  pipeline: PIPELINE,
  reading: {
    mode: 'unaided-first',
    qualityReview: { question: 'usable', passes: ['good'] },
    adjudicate: ['read'],
  },
  reference: { question: 'read', positive: ['fracture'], negative: ['no-fracture'] },
  questions: [
    {
      name: 'usable',
      label: 'Usable',
      per: 'image',
      stages: ['quality'],
      kind: 'choice',
      options: [
        { value: 'good', label: 'Good' },
        { value: 'bad', label: 'Bad' },
      ],
    },
    {
      name: 'read',
      label: 'Read',
      per: 'hip',
      kind: 'choice',
      options: [
        { value: 'fracture', label: 'Fracture' },
        { value: 'no-fracture', label: 'No fracture' },
        { value: 'uncertain', label: 'Cannot tell' },
      ],
    },
    { name: 'sure', label: 'Sure', per: 'exam', kind: 'rating', from: 1, to: 5, fromLabel: 'no', toLabel: 'yes' },
    { name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' },
  ],
});

const MINUTE = 60_000;
const BEGIN = Date.UTC(2026, 0, 31, 8);
const at = (minutes: number) => new Date(BEGIN + minutes * MINUTE);
const study = (number: number) => `1.2.840.${number}`;

let postgres: TestPostgres;
let world: World;
let ask: (path: string) => Promise<Response>;

const answer = (question: string, subject: string, value: string | number): FeedbackAnswer => {
  return { question, subject, value };
};
const reads = (right: string, left: string, sure: number): FeedbackAnswer[] => [
  answer('read', 'right', right),
  answer('read', 'left', left),
  answer('sure', 'exam', sure),
];

async function rows(path: string): Promise<Record<string, string>[]> {
  const response = await ask(path);
  expect(response.status, path).toBe(200);
  const [head = '', ...lines] = (await response.text()).trimEnd().split('\r\n');
  const names = head.split(',');
  return lines.map((line) => {
    const cells = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = '']) =>
      cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
    );
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

async function report(): Promise<EvaluationReport> {
  const response = await ask('/api/v1/evaluations/hips/report?anew=1');
  expect(response.status).toBe(200);
  return EvaluationReport.parse(await response.json());
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  ask = askingAbout(world, [EVALUATION]);
  // Six exams that are read, of four people; then those that fall out, each for a reason of its own.
  const models = [
    { right: 'fracture', left: 'no-fracture' },
    { right: 'fracture', left: 'fracture' },
    { right: 'no-fracture', left: 'no-fracture' },
    { right: 'no-fracture', left: 'fracture' },
    { right: 'fracture' },
    { right: 'no-fracture', left: 'no-fracture' },
  ];
  const runs = models.map((sides, index) => ({
    ...{ name: `run-${index}`, study: study(index), pipeline: PIPELINE },
    ...{ createdAt: at(index), finishedAt: at(index + 10), result: detectionOf(`run-${index}`, study(index), sides) },
  }));
  const of = (number: number, more: object) => ({
    ...{ name: `run-${number}`, study: study(number), pipeline: PIPELINE, createdAt: at(number) },
    ...more,
  });
  const good = (number: number) => ({ result: detectionOf(`run-${number}`, study(number), { right: 'fracture' }) });
  await projectRuns(world, [
    ...runs,
    // An older run of the first exam, which the one above amends, and a replay that is newer.
    { ...of(0, good(0)), name: 'first-run', createdAt: at(-5) },
    { ...of(0, good(0)), name: 'replay', createdAt: at(60), replayOf: 'run-0' },
    of(10, { status: 'failed', reason: 'The series has no pixels.' }),
    of(11, { status: 'out-of-scope', reason: 'It shows no pelvis.' }),
    of(12, { status: 'running' }),
    of(13, good(13)),
    of(14, good(14)),
    of(15, good(15)),
    of(16, { status: 'failed', reason: 'The series has no pixels.' }),
  ]);
  await world.database.sql`update web.run set amends = ${runId('first-run')} where id = ${runId('run-0')}`;
  for (const number of [0, 1, 2, 3, 4, 5, 13, 14, 15]) {
    world.archive.patients.set(study(number), {
      ...{ name: 'Doe^Jane', patientId: `P-${number < 4 ? number % 2 : number}`, birthDate: '19500601', sex: 'F' },
      ...{ studyDate: '20260131', accessionNumber: 'ACC-1', studyDescription: 'Pelvis' },
    });
  }
  const person = { kind: 'withdrawn' as const, author: 'lead', reason: 'wrong patient', createdAt: at(90) };
  await world.database.db
    .insert(trendEntry)
    .values({ id: randomUUID(), pipeline: PIPELINE, studyInstanceUid: study(13), ...person });

  const sent = (number: number, stage: Stage, author: string, answers: FeedbackAnswer[], minutes = 20) => ({
    ...{ run: `run-${number}`, evaluation: EVALUATION, stage, author, createdAt: at(number + minutes), answers },
  });
  const quality = (number: number, value: string) =>
    sent(number, 'quality', 'quinn', [answer('usable', `${study(number)}.1`, value)], 12);
  const [yes, no, unsure] = ['fracture', 'no-fracture', 'uncertain'] as const;
  await sendEntries(world, [
    ...[0, 1, 2, 3, 4, 5].map((number) => quality(number, 'good')),
    quality(14, 'bad'),
    // The two readers of exam 1 differ in the left hip, which is settled; those of exam 5 in both, which is not.
    sent(0, 'unaided', 'ann', reads(yes, no, 5)),
    { ...sent(0, 'unaided', 'bob', reads(yes, no, 4), 30), openedMinutesBefore: 3 },
    sent(1, 'unaided', 'ann', reads(yes, no, 3)),
    sent(1, 'unaided', 'bob', reads(yes, yes, 3)),
    sent(1, 'adjudication', 'lea', [answer('read', 'left', no)], 50),
    sent(2, 'unaided', 'ann', reads(no, no, 5)),
    sent(2, 'unaided', 'bob', reads(no, unsure, 5)),
    sent(3, 'unaided', 'ann', reads(yes, yes, 2)),
    sent(3, 'unaided', 'bob', reads(yes, yes, 1)),
    sent(4, 'unaided', 'ann', reads(yes, yes, 4)),
    sent(3, 'aided', 'ann', reads(no, yes, 2), 60),
    sent(5, 'aided', 'ann', reads(yes, no, 2), 60),
    sent(5, 'unaided', 'ann', reads(no, yes, 2)),
    sent(5, 'unaided', 'bob', reads(yes, no, 2)),
    sent(0, 'aided', 'ann', [...reads(yes, no, 5), answer('remarks', 'exam', '=HYPERLINK("http://x")')], 40),
    { ...sent(0, 'aided', 'bob', reads(no, no, 1), 41), openedMinutesBefore: 2 },
    { ...sent(0, 'aided', 'bob', reads(yes, no, 2), 45), version: 2, agreedWithAll: true },
    // None of these counts: another run, another form, a withdrawn exam.
    { ...sent(0, 'unaided', 'ann', reads(no, yes, 1)), run: 'first-run' },
    { ...sent(2, 'aided', 'ann', reads(yes, yes, 1)), evaluationVersion: '1.0.0' },
    sent(13, 'unaided', 'ann', reads(no, no, 1)),
  ]);
  await world.database.db.insert(feedbackDraft).values({
    ...{ run: runId('run-4'), evaluation: 'hips', author: 'bob', stage: 'unaided', fields: {}, savedAt: at(1) },
  });
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

describe('the flow of exams', () => {
  it('counts each exam once, and says why the others fell out', async () => {
    const { flow } = await report();
    expect(flow.steps.map(({ name, count }) => [name, count])).toEqual([
      ['exams', 13],
      ['counted', 12],
      ['result', 8],
      ['quality', 6],
      ['read', 6],
      ['reference', 5],
    ]);
    expect(flow.exclusions.map(({ from, label, count }) => [from, label, count])).toEqual([
      ['counted', 'Withdrawn: wrong patient', 1],
      ['result', 'Processing failed: The series has no pixels.', 2],
      ['result', 'Out of the model’s scope: It shows no pelvis.', 1],
      ['result', 'Still being processed', 1],
      ['quality', 'Set aside by the quality review', 1],
      ['quality', 'Waits for the quality review', 1],
      ['reference', 'No reference standard', 1],
    ]);
  });

  it('leads from each number to as many rows', async () => {
    const { flow } = await report();
    for (const { label, count, rows: path } of [...flow.steps, ...flow.exclusions]) {
      expect(await rows(path), label).toHaveLength(count);
    }
  });

  it('measures how long it took', async () => {
    const { times } = await report();
    expect(times.find(({ name }) => name === 'result-to-answer')?.minutes).toMatchObject({ count: 6, median: 10 });
  });
});

describe('review times', () => {
  it('tell work from pauses; a correction is none', async () => {
    const { reviewTimes } = await report();
    expect(reviewTimes).toMatchObject([
      { reader: 'bob', stage: 'unaided', active: { count: 1, median: 1.5 }, whole: { count: 1, median: 3 } },
    ]);
    const sent = await rows('/evaluations/hips/export.csv?reader=bob&question=sure');
    const first = sent.filter(({ study_instance_uid: uid }) => uid === study(0));
    expect(first.map(({ active_seconds: active }) => active)).toEqual(['60', '', '90']);
  });
});

describe('progress', () => {
  it('tells how far each reader is, by the answers that count', async () => {
    const { readers, otherVersions } = await report();
    expect(readers.find(({ reader }) => reader === 'ann')).toMatchObject({ sent: { unaided: 6, aided: 3 }, drafts: 0 });
    expect(readers.find(({ reader }) => reader === 'bob')).toMatchObject({
      ...{ sent: { unaided: 5, aided: 1 }, drafts: 1, corrections: 1, agreedWithAll: 1, assigned: null },
    });
    expect(otherVersions).toMatchObject([{ version: '1.0.0', entries: 1 }]);
  });
});

describe('agreement', () => {
  it('never takes unaided and aided reads together', async () => {
    const { agreement } = await report();
    expect(agreement.map(({ question, stage, cases, readers }) => [question, stage, cases, readers.join()])).toEqual([
      ['usable', 'quality', 7, 'quinn'],
      ['read', 'unaided', 12, 'ann,bob'],
      ['read', 'aided', 6, 'ann,bob'],
      ['read', 'adjudication', 1, 'lea'],
      ['sure', 'unaided', 6, 'ann,bob'],
      ['sure', 'aided', 3, 'ann,bob'],
    ]);
    const read = agreement.find(({ question, stage }) => question === 'read' && stage === 'unaided');
    expect(read?.pairs).toMatchObject([{ readers: ['ann', 'bob'], cases: 10, alike: 6, linearKappa: null }]);
    const sure = agreement.find(({ question, stage }) => question === 'sure' && stage === 'unaided');
    expect(sure?.icc).toMatchObject({ cases: 5 });
    expect(sure?.pairs[0]?.quadraticKappa).toHaveProperty('value');
  });

  it('counts a correction instead of what it corrects', async () => {
    const { agreement } = await report();
    const aided = agreement.find(({ question, stage }) => question === 'read' && stage === 'aided');
    expect(aided?.pairs).toMatchObject([{ cases: 2, alike: 2 }]);
    expect(aided?.icc).toBeNull();
  });
});

describe('accuracy', () => {
  it('holds the model against what all readers said alike, or the adjudicator', async () => {
    const { reference, accuracy } = await report();
    // Exam 0: both; 1: right alike, left settled; 2: right only; 3: both; 4: both, one reader; 5: none.
    expect(reference).toMatchObject({ exams: 8, examsWithout: 3, settled: 1, alike: 6, singleReader: 2, neither: 0 });
    const model = accuracy.find(({ reader, group }) => reader === null && group === 'all');
    expect(model).toMatchObject({
      patients: 3,
      table: { truePositive: 4, falsePositive: 1, falseNegative: 1, trueNegative: 2 },
      inconclusive: 1,
      sensitivity: { hits: 4, cases: 5 },
      specificity: { hits: 2, cases: 3 },
    });
    expect(accuracy.filter(({ reader }) => reader === null).map(({ group }) => group)).toEqual([
      'all',
      'age 70-79',
      'scanner not given',
      'sex F',
    ]);
    const bob = accuracy.find(({ reader, stage }) => reader === 'bob' && stage === 'unaided');
    expect(bob?.table).toEqual({ truePositive: 4, falsePositive: 1, falseNegative: 0, trueNegative: 2 });
  });

  it('counts readers’ answers where the model’s stand, also where it found nothing', async () => {
    const { confusion } = await report();
    const ann = confusion.find(({ reader, stage }) => reader === 'ann' && stage === 'unaided');
    expect(ann?.categories).toEqual(['fracture', 'no-fracture', 'uncertain', 'not found']);
    expect(ann?.table).toEqual([
      [4, 2, 0, 1],
      [1, 4, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });
});

describe('what readers made of the model', () => {
  it('counts what each changed after seeing it', async () => {
    const { influence } = await report();
    expect(influence).toMatchObject([
      { reader: 'ann', cases: 6, unchanged: 3, towards: 2, away: 1, otherwise: 0, corrected: 0, spoiled: 1 },
      { reader: 'bob', cases: 2, unchanged: 2, towards: 0, away: 0, otherwise: 0, corrected: 0, spoiled: 0 },
    ]);
  });
});

describe('the tables', () => {
  it('hold one row per reader, exam, stage and question, and say which count', async () => {
    const all = await rows('/evaluations/hips/export.csv');
    expect(all.filter(({ reader, stage }) => reader === 'bob' && stage === 'aided')).toHaveLength(6);
    const counted = await rows('/evaluations/hips/export.csv?counted=yes&reader=bob&stage=aided&question=read');
    expect(counted).toHaveLength(2);
    expect(counted.find(({ subject }) => subject === 'right')).toMatchObject({
      ...{ evaluation: 'hips', evaluation_version: '2.0.0', study_instance_uid: study(0), run: runId('run-0') },
      ...{ value: 'fracture', model_value: 'fracture', reference: 'positive', entry_version: '2' },
      ...{ agreed_with_all: 'yes', sex: 'F', age_band: '70-79', models: 'hip-fracture 1.0.0 aaaaaaaaaaaa' },
    });
    expect(await rows('/evaluations/hips/export.csv?version=1.0.0')).toHaveLength(3);
    expect(await rows('/evaluations/hips/export.csv?reader=ann&reader=bob&stage=unaided&counted=yes')).toHaveLength(33);
  });

  it('name nobody, and run nothing in a spreadsheet', async () => {
    const texts = await Promise.all(
      ['export', 'cases', 'reference', 'volumes', 'dictionary'].map(async (table) =>
        (await ask(`/evaluations/hips/${table}.csv`)).text(),
      ),
    );
    for (const text of texts) expect(text).not.toMatch(/Doe|P-\d|19500601|ACC-1/);
    expect(texts[0]).toContain(`"'=HYPERLINK(""http://x"")"`);
    const patients = new Set((await rows('/evaluations/hips/export.csv')).map(({ patient }) => patient));
    expect(patients.size).toBe(6);
    expect(texts[4]).toContain('export.csv,model_value,');
  });

  it('refuse what they do not know', async () => {
    expect((await ask('/evaluations/hips/export.csv?stage=both')).status).toBe(400);
    expect((await ask('/evaluations/hips/export.csv?colour=red')).status).toBe(400);
    expect((await ask('/evaluations/none/export.csv')).status).toBe(404);
    expect((await ask('/evaluations/none')).status).toBe(404);
  });

  it('hold no connection for who only asks for the head, or goes away', async () => {
    const path = 'http://127.0.0.1:8000/evaluations/hips/export.csv';
    const app = createApp({ ...world.parts, evaluations: new Map([[PIPELINE, EVALUATION]]) });
    const headers = { authorization: `Bearer ${API_TOKEN}` };
    for (let time = 0; time < 10; time += 1) {
      expect((await app.request(path, { method: 'HEAD', headers })).status).toBe(200);
      const reader = (await app.request(path, { headers })).body?.getReader();
      await reader?.read();
      await reader?.cancel();
    }
    expect((await rows('/evaluations/hips/export.csv')).length).toBeGreaterThan(50);
  });

  it('leave a line in the audit', async () => {
    await ask('/evaluations/hips/cases.csv');
    const [line] = await world.database
      .sql`select action, subject, evaluation, detail from web.audit order by id desc limit 1`;
    expect(line).toEqual({ action: 'table-exported', subject: 'hips', evaluation: 'hips', detail: 'cases.csv' });
  });
});

describe('approvals', () => {
  it('stand on the report of their pipeline, withdrawn or not', async () => {
    const given = { pipeline: PIPELINE, pipelineVersion: '1.0.0', author: 'lea', reason: 'good <enough>' };
    const decided = (decision: 'approved' | 'withdrawn', minutes: number) =>
      decideApproval(
        world.database.db,
        { ...given, id: randomUUID(), decision, decidedAt: at(minutes).toISOString() },
        [],
      );
    await decided('approved', 100);
    await decided('withdrawn', 200);
    await decideApproval(
      world.database.db,
      { ...given, pipeline: 'another', id: randomUUID(), decision: 'approved', decidedAt: at(1).toISOString() },
      [],
    );
    const { approvals } = await report();
    expect(approvals.map(({ decision }) => decision).sort()).toEqual(['approved', 'withdrawn']);
    expect(await (await ask('/evaluations/hips')).text()).toContain('good &lt;enough&gt;');
  });
});

describe('the page', () => {
  it('says what was asked and answered in the words of the form', async () => {
    const page = await (await ask('/evaluations/hips')).text();
    expect(page).toContain('Reference: <em>Read</em>');
    expect(page).toContain('Positive: Fracture; negative: No fracture.');
    expect(page).toContain('before the model was shown: Read</caption>');
    expect(page).toMatch(
      /<th scope="col">reader ↓ model →<\/th><th scope="col">Fracture<\/th><th scope="col">No fracture<\/th>/,
    );
    expect(page).toMatch(/<th scope="row">Cannot tell<\/th>/);
    expect(page).not.toMatch(/no-fracture|>uncertain</);
  });

  it('shows every section, escapes what was written, and states the rule', async () => {
    const response = await ask('/evaluations/hips');
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('Hips &lt;b&gt;');
    expect(text).toContain('Of each exam one run counts');
    for (const heading of ['Exams and why some fell out', 'Readers', 'Against the reference standard']) {
      expect(text).toContain(`<h2>${heading}</h2>`);
    }
    expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(text).not.toMatch(/ style="|<script>|onclick/);
    expect(text).not.toMatch(/Doe|P-\d/);
  });

  it('leads nowhere but to rows', async () => {
    const text = await (await ask('/evaluations/hips')).text();
    const paths = [...text.matchAll(/href="(\/evaluations\/[^"]*\.csv[^"]*)"/g)].map(([, path = '']) =>
      path.replaceAll('&amp;', '&'),
    );
    expect(new Set(paths).size).toBeGreaterThan(40);
    for (const path of new Set(paths)) {
      const response = await ask(path);
      expect(response.status, path).toBe(200);
      expect((await response.text()).split('\r\n').length, path).toBeGreaterThan(path.includes('volumes') ? 1 : 2);
    }
  });

  it('is there before anybody has answered', async () => {
    const empty = Evaluation.parse({ ...EVALUATION, name: 'nobody', pipeline: 'no-pipeline' });
    const response = await askingAbout(world, [empty])('/evaluations/nobody');
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('Nobody has answered yet');
  });

  it('lists the evaluations that somebody leads', async () => {
    expect(await (await ask('/evaluations')).text()).toContain('href="/evaluations/hips"');
  });
});
