import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Evaluation } from '../../schemas/evaluation.ts';
import { Trend, TrendState } from '../../schemas/trend.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { sendFeedback } from '../feedback/entries.ts';
import { exportOutbox } from '../feedback/export.ts';
import { LIVER_EVALUATION } from '../testing/pipelines.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { examId } from './look.ts';

const SEEN = [
  { value: 'yes', label: 'Yes' },
  { value: 'no', label: 'No' },
];

let server: TestPostgres;
let world: World;

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  world = await makeWorld(await server.fresh());
});
afterEach(() => world.close());
afterAll(() => server.stop());

const lobe = (volumeMl: number, complete = true) => ({
  structures: [{ name: 'left-lobe', title: 'Left lobe', volumeMl, voxels: 1000, complete }],
});

/** Three exams of one patient, and one of another. @returns the runs in the order of the exams */
async function patient(volumes: readonly number[]): Promise<string[]> {
  const exams = volumes.map((_, index) => ({
    studyInstanceUid: `1.2.${index + 1}`,
    studyDate: `202${index}0301`,
    studyTime: null,
    studyDescription: null,
  }));
  world.archive.exams.push(exams);
  for (const { studyInstanceUid } of exams) {
    world.archive.patients.set(studyInstanceUid, { name: 'Doe^Jane', patientId: 'P1', birthDate: null, sex: 'F' });
  }
  const runs: string[] = [];
  // The newest exam comes first: the order of arrival must not matter.
  for (const [index, volumeMl] of [...volumes.entries()].reverse()) {
    runs.unshift((await world.run({ study: `1.2.${index + 1}`, segmentation: lobe(volumeMl) })).id);
  }
  return runs;
}

async function trendOf(run: string): Promise<TrendState> {
  const answer = await world.api(`/api/v1/runs/${run}/trend`);
  expect(answer.status).toBe(200);
  return TrendState.parse(await answer.json());
}

function say(run: string, kind: string, study: string, id: string = randomUUID()) {
  const body = JSON.stringify({ id, kind, studyInstanceUid: study, reason: 'after a look at the images' });
  return world.api(`/api/v1/runs/${run}/trend`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
}

it('takes the amended run of an exam whatever the store says of when the two were made', async () => {
  const [, last = ''] = await patient([100, 120]);
  const { id } = await world.run({ study: '1.2.2', segmentation: lobe(150), amends: last });
  // Buckets that were copied back: every object is as old as the copy, in whatever order.
  await world.database.sql`update web.run set created_at = created_at - interval '1 day' where id = ${id}`;
  const { trend, input } = await trendOf(last);
  expect(trend.curves[0]?.points.map(({ volumeMl }) => volumeMl)).toEqual([100, 150]);
  const failed = await world.run({ study: '1.2.2', segmentation: lobe(150), amends: id, status: 'failed' });
  await world.database.sql`update web.run set created_at = created_at - interval '2 days' where id = ${failed.id}`;
  expect((await trendOf(last)).input.exams.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
  expect(input.exams.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
});

it('counts what was said last, also where the clock was set back meanwhile', async () => {
  const [, last = ''] = await patient([100, 120]);
  const counted = async () =>
    (await trendOf(last)).trend.curves.flatMap(({ points }) => points.map(({ date }) => date));
  expect((await say(last, 'restored', '1.2.2')).status).toBe(201);
  world.later(-60_000);
  expect((await say(last, 'withdrawn', '1.2.2')).status).toBe(201);
  expect(await counted()).toEqual(['20200301']);
  await say(last, 'baseline', '1.2.1');
  world.later(-60_000);
  await say(last, 'restored', '1.2.2');
  await say(last, 'baseline', '1.2.2');
  expect((await trendOf(last)).trend.baseline).toMatchObject({ studyInstanceUid: '1.2.2', confirmed: {} });
  expect(await counted()).toEqual(['20200301', '20210301']);
});

describe('a trend', () => {
  it('follows results, baselines and withdrawals at once, and each state can be named again', async () => {
    const [first = '', , last = ''] = await patient([100, 120, 150]);
    const before = await trendOf(last);
    expect(before.trend.curves[0]?.points.map(({ date, change, progression }) => [date, change, progression])).toEqual([
      ['20200301', null, null],
      ['20210301', 0.2, false],
      ['20220301', 0.5, true],
    ]);
    expect(before.trend.baseline).toEqual({ studyInstanceUid: '1.2.1', confirmed: null });

    expect((await say(last, 'baseline', '1.2.2')).status).toBe(201);
    const moved = await trendOf(first);
    expect(moved.trend.baseline).toMatchObject({ studyInstanceUid: '1.2.2', confirmed: { author: 'api-token' } });
    expect(moved.trend.curves[0]?.points.at(-1)).toMatchObject({ change: 0.25, progression: false });

    expect((await say(last, 'withdrawn', '1.2.2')).status).toBe(201);
    expect((await trendOf(last)).trend.baseline?.studyInstanceUid).toBe('1.2.1');
    expect((await say(last, 'restored', '1.2.2')).status).toBe(201);

    const again = await world.api(`/api/v1/trends/liver-transplant-segmentation/${before.digest}`);
    expect(TrendState.parse(await again.json())).toEqual(before);
  });

  it('takes the amended run in place of the one before, whatever it ended with', async () => {
    const [first = ''] = await patient([100, 120]);
    await world.run({ study: '1.2.2', segmentation: lobe(200), amends: first });
    expect((await trendOf(first)).trend.curves[0]?.points[1]?.volumeMl).toBe(200);
    const running = { study: '1.2.2', segmentation: lobe(0), status: 'running', amends: 'b'.repeat(64) } as const;
    await world.run(running);
    expect((await trendOf(first)).trend.curves[0]?.points[1]?.volumeMl, 'until the newer one has ended').toBe(200);
    await world.run({ ...running, status: 'out-of-scope', amends: 'c'.repeat(64) });
    expect((await trendOf(first)).trend.left[0]?.reason).toBe('It is out of the model’s scope.');
  });

  it('keeps what people said for good, and writes it to the store', async () => {
    const [first = ''] = await patient([100, 120]);
    const id = randomUUID();
    expect((await say(first, 'baseline', '1.2.2', id)).status).toBe(201);
    expect((await say(first, 'baseline', '1.2.2', id)).status, 'sent twice').toBe(201);
    expect((await say(first, 'withdrawn', '1.2.2', id)).status, 'the id of another entry').toBe(409);
    expect((await trendOf(first)).input.entries).toHaveLength(1);
    await exportOutbox(world.store, world.database);
    const exported = await world.store.get('feedback', `liver-transplant-segmentation/trend/${id}.json`);
    expect(JSON.parse(exported.toString('utf8'))).toMatchObject({ id, kind: 'baseline', author: 'api-token' });
    await expect(world.database.sql`delete from web.trend_entry`).rejects.toThrow('never changed or removed');
  });

  it('refuses another patient’s exam, an entry without a reason, and runs that are followed by nothing', async () => {
    const [first = ''] = await patient([100, 120]);
    expect((await say(first, 'baseline', '9.9')).status).toBe(422);
    const body = JSON.stringify({ id: randomUUID(), kind: 'baseline', studyInstanceUid: '1.2.1', reason: ' ' });
    const headers = { 'content-type': 'application/json' };
    expect((await world.api(`/api/v1/runs/${first}/trend`, { method: 'POST', body, headers })).status).toBe(422);
    const hip = await world.run();
    expect((await world.api(`/api/v1/runs/${hip.id}/trend`)).status).toBe(404);
    expect((await world.api(`/api/v1/trends/liver-transplant-segmentation/${'0'.repeat(64)}`)).status).toBe(404);
  });
});

describe('the page', () => {
  it('shows plot, table and what is only suggested; a reader confirms the baseline', async () => {
    const [, , last = ''] = await patient([100, 120, 150]);
    const reader = await world.signedIn('reader');
    const text = await (await reader.get(`/runs/${last}/trend`)).text();
    expect(text).toContain('only <strong>suggested</strong>');
    expect(text).toContain('Nobody has confirmed a baseline or withdrawn an exam yet.');
    expect(text).toContain('<svg class="plot"');
    expect(text).toContain('+50 %');
    expect(text).toContain('<strong class="is-warning">Yes</strong>');
    expect(await (await reader.get(`/runs/${last}`)).text()).toContain('All exams, baseline and changes');

    const fields = {
      'form-token': await reader.field(`/runs/${last}/trend`, 'form-token'),
      id: randomUUID(),
      kind: 'baseline',
      study: '1.2.2',
      reason: 'first after the operation <script>',
    };
    expect((await reader.post(`/runs/${last}/trend`, fields)).status).toBe(303);
    const after = await (await reader.get(`/runs/${last}/trend`)).text();
    expect(after).toContain('confirmed by reader');
    expect(after).toContain('first after the operation &lt;script&gt;');
    expect((await reader.post(`/runs/${last}/trend`, { ...fields, 'form-token': 'forged' })).status).toBe(403);
  });
});

describe('a look with another baseline or threshold', () => {
  it('shows it by the address alone, says that nothing is stored, and stores nothing', async () => {
    const [, , last = ''] = await patient([100, 120, 150]);
    const reader = await world.signedIn('reader');
    const stored = await trendOf(last);
    const page = `/runs/${last}/trend?baseline=${examId('1.2.2')}&threshold=20`;
    const text = await (await reader.get(page)).text();
    expect(text).toContain('Looking only, nothing stored.');
    expect(text, 'against the second').toContain('+25 %');
    expect(text).toContain('More than 20 % larger');
    expect(text, 'one click back').toContain(`<a href="/runs/${last}/trend">Back to the trend as it is</a>`);
    expect(text, 'no report of a look').not.toContain('/trend/report');
    expect(await trendOf(last)).toEqual(stored);
    const kept: string[] = [];
    for await (const { key } of world.store.list('results', 'liver-transplant-segmentation/trends/')) kept.push(key);
    expect(kept).toEqual([`liver-transplant-segmentation/trends/${stored.digest}.json`]);
    expect(text).not.toContain('Volume of left-lobe');
    expect(text).toContain('<th scope="col">Left lobe</th>');
  });

  it('is there for programs, and refuses what it does not understand', async () => {
    const [, , last = ''] = await patient([100, 120, 150]);
    const look = (query: string) => world.api(`/api/v1/runs/${last}/trend/look${query}`);
    const seen = Trend.parse(await (await look(`?baseline=${examId('1.2.2')}`)).json());
    expect(seen.curves[0]?.points.at(-1)).toMatchObject({ change: 0.25, progression: false });
    expect(Trend.parse(await (await look('')).json())).toEqual((await trendOf(last)).trend);
    expect((await look('?baseline=1.2.2')).status).toBe(400);
    expect((await look('?threshold=-3')).status).toBe(400);
    expect((await look(`?baseline=${examId('9.9')}`)).status).toBe(404);
  });
});

describe('a trend in an evaluation with unaided reads', () => {
  const UNAIDED = Evaluation.parse({
    ...LIVER_EVALUATION,
    reading: { mode: 'unaided-first' },
    questions: [
      { name: 'seen', label: 'Seen', per: 'exam', kind: 'choice', options: SEEN, required: true },
      ...LIVER_EVALUATION.questions,
    ],
  });

  it('has no volume of an exam that who asks is still to read; whoever leads sees all', async () => {
    await world.close();
    world = await makeWorld(await server.fresh(), [UNAIDED]);
    const [first = '', second = ''] = await patient([100, 177]);
    const reader = await world.signedIn('reader');
    const whole = await trendOf(first);
    expect(whole.trend.curves[0]?.points).toHaveLength(2);
    expect((await reader.get(`/runs/${first}/trend`)).status, 'not one is read').toBe(403);
    await sendFeedback(world.database, {
      id: randomUUID(),
      run: first,
      evaluation: UNAIDED,
      stage: 'unaided',
      author: 'reader',
      reason: null,
      answers: [{ question: 'seen', subject: 'exam', value: 'yes' }],
      agreedWithAll: false,
      reviewTime: null,
      now: world.parts.now(),
    });
    const text = await (await reader.get(`/runs/${first}/trend`)).text();
    expect(text).toContain('100 mL');
    expect(text, 'of the other').not.toContain('177');
    expect(text).toContain('You are still to read its images without the result.');
    expect(await (await reader.get(`/runs/${first}`)).text()).not.toContain('177');
    const named = `/trends/liver-transplant-segmentation/${whole.digest}`;
    expect((await reader.get(named)).status, 'what somebody else saw').toBe(403);
    expect((await reader.get(`/api/v1${named}`)).status).toBe(403);
    expect((await reader.get(`/api/v1/runs/${second}/trend`)).status).toBe(403);
  });
});

describe('a form that asks about each exam on the trend', () => {
  const OVER_TIME = Evaluation.parse({
    ...LIVER_EVALUATION,
    questions: [
      {
        name: 'agrees',
        label: 'Is the volume right?',
        per: 'time-point',
        kind: 'choice',
        options: SEEN,
        required: true,
      },
    ],
  });

  it('asks about those that are there when it is opened, and keeps what was said of one that left', async () => {
    await world.close();
    world = await makeWorld(await server.fresh(), [OVER_TIME]);
    const [, second = ''] = await patient([100, 120]);
    const reader = await world.signedIn('reader');
    const form = await (await reader.get(`/runs/${second}`)).text();
    expect(form).toContain('<legend>Exam of 2020-03-01</legend>');
    const fields = await Promise.all(
      ['form-token', 'id', 'author', 'stage', 'evaluation-version'].map(async (name) => {
        const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(
          form.slice(form.indexOf('data-draft-key')),
        )?.[1];
        return [name, value ?? ''] as const;
      }),
    );
    const answers = { 'answer:agrees:1.2.1': 'yes', action: 'send' };
    const send = (more: Record<string, string>) =>
      reader.post(`/runs/${second}/feedback`, { ...Object.fromEntries(fields), ...answers, ...more });
    expect((await send({})).status, 'one is not answered').toBe(422);
    expect((await send({ 'answer:agrees:1.2.2': 'no' })).status).toBe(303);
    expect((await say(second, 'withdrawn', '1.2.1')).status).toBe(201);
    const sent = await (await reader.get(`/runs/${second}`)).text();
    expect(sent).toMatch(/Exam of 2020-03-01[^<]*: Is the volume right\?/);
  });
});
