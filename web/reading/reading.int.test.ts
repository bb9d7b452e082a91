import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import type { Stage } from '../../schemas/evaluation.ts';
import { DetectionResult } from '../../schemas/result.ts';
import type { Role } from '../../schemas/rights.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import type { Person } from '../accounts/accounts.ts';
import { giveRole } from '../accounts/grants.ts';
import { loadEvaluations } from '../evaluations/load.ts';
import { listFeedback, sendFeedback } from '../feedback/entries.ts';
import { LIVER_EVALUATION } from '../testing/pipelines.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';
import { revealedTo } from './case.ts';
import { ReadingListView } from './handlers.ts';

const EVALUATION = 'hip-fracture-detection';
let postgres: TestPostgres;
let world: World;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [...loadEvaluations([path.join(HOME, 'pipelines')]).values()]);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

let people = 0;
async function someone(role: Role): Promise<Browser> {
  people += 1;
  return world.signedIn(`${role}-${people}`, role);
}

async function made(): Promise<{ id: string; study: string; images: readonly string[] }> {
  const { id, result } = await world.run();
  const { images, studyInstanceUid } = DetectionResult.parse(result);
  return { id, study: studyInstanceUid, images: images.map(({ sopInstanceUid }) => sopInstanceUid) };
}

const textOf = async (browser: Browser, at: string) => (await browser.get(at)).text();

/** Sends the form that is open for somebody, filled in so. */
async function send(browser: Browser, run: string, answers: Record<string, string>, action = 'send') {
  const page = await textOf(browser, `/runs/${run}`);
  const form = page.slice(page.indexOf('data-draft-key'));
  const names = ['form-token', 'id', 'author', 'stage', 'evaluation-version'];
  const hidden = Object.fromEntries(
    names.map((name) => [name, new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1] ?? '']),
  );
  return browser.post(`/runs/${run}/feedback`, { ...hidden, ...answers, action });
}

const READ = (right: string, left: string) => ({ 'answer:read:right': right, 'answer:read:left': left });

async function judged(run: { id: string; images: readonly string[] }, value = 'good'): Promise<void> {
  const answers = Object.fromEntries(run.images.map((uid) => [`answer:usable:${uid}`, value]));
  const answer = await send(await someone('quality-reviewer'), run.id, answers);
  expect(answer.status).toBe(303);
}

const stagesSent = async (run: string): Promise<Stage[]> =>
  (await listFeedback(world.database, { run, evaluation: EVALUATION })).map(({ stage }) => stage);

describe('an evaluation with a quality review, unaided reads and adjudication', () => {
  it('keeps the exam from readers until a quality reviewer lets it through', async () => {
    const run = await made();
    const reader = await someone('reader');
    expect(await textOf(reader, `/runs/${run.id}`)).toContain('A quality reviewer looks at the images first');
    expect((await send(reader, run.id, READ('fracture', 'no-fracture'))).status).toBe(409);
    await judged(run, 'unusable');
    expect(await textOf(reader, `/runs/${run.id}`)).toContain('set this exam aside');
    const other = await made();
    await judged(other);
    expect(await textOf(reader, `/runs/${other.id}`)).toContain('name="answer:read:left"');
  });

  it('shows a reader nothing of the model, anywhere, until the unaided read is sent; then everything', async () => {
    const run = await made();
    await judged(run);
    const reader = await someone('reader');
    const places = ['/', `/runs/${run.id}`, `/studies/${run.study}`, `/api/v1/runs/${run.id}`];
    const everything = async () =>
      (await Promise.all([...places, '/api/v1/runs'].map((at) => textOf(reader, at)))).join('\n');
    const hidden = /confidence|class-fracture|Model&#39;s|Model's|scores/;
    expect(await everything()).not.toMatch(hidden);
    for (const file of ['seg', 'report', 'capture']) {
      expect((await reader.get(`/runs/${run.id}/files/${file}`)).status).toBe(404);
    }
    const sent = await send(reader, run.id, READ('fracture', 'no-fracture'));
    expect(sent.status).toBe(303);
    expect(await everything()).toMatch(hidden);
  });

  it('leads whoever judges images and reads them to the form that is open, and on to the next exam after the last', async () => {
    const run = await made();
    const both = await someone('quality-reviewer');
    const grant = { role: 'reader', evaluation: null, account: `quality-reviewer-${people}`, by: 'boss' } as const;
    await giveRole(world.database.db, { ...grant, now: world.parts.now() });
    await send(both, run.id, Object.fromEntries(run.images.map((uid) => [`answer:usable:${uid}`, 'good'])));
    const target = async () => {
      const page = await textOf(both, `/runs/${run.id}`);
      return { targets: page.split('id="feedback"').slice(1), next: page.includes('Next exam') };
    };
    const read = await target();
    expect([read.targets.length, read.next]).toEqual([1, false]);
    expect(read.targets[0]).toContain('Your read, without the model');
    await send(both, run.id, READ('fracture', 'no-fracture'));
    const aided = await target();
    expect([aided.targets.length, aided.next]).toEqual([1, false]);
    await send(both, run.id, {}, 'agree');
    const last = await target();
    expect([last.targets.length, last.next]).toEqual([1, true]);
    expect(last.targets[0]).toContain('agreed with all');
  });

  it('locks the unaided read, and takes agreement with all as one act', async () => {
    const run = await made();
    await judged(run);
    const reader = await someone('reader');
    await send(reader, run.id, READ('hardware', 'no-fracture'));
    const page = await textOf(reader, `/runs/${run.id}`);
    expect(page).toContain('Locked: it was sent before');
    expect(page).toContain('Agree with all, and send');
    const correction = { evaluationVersion: '2.0.0', stage: 'unaided', reason: 'I saw the model.' };
    const answers = [
      { question: 'read', subject: 'right', value: 'fracture' },
      { question: 'read', subject: 'left', value: 'no-fracture' },
    ];
    const body = JSON.stringify({ id: randomUUID(), ...correction, answers });
    const headers = { 'content-type': 'application/json', origin: 'http://127.0.0.1:8000' };
    const cookie = [...reader.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const refused = await world.app.request(`http://127.0.0.1:8000/api/v1/runs/${run.id}/feedback`, {
      method: 'POST',
      body,
      headers: { ...headers, cookie, host: '127.0.0.1:8000' },
    });
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining('Locked')]);
    expect((await send(reader, run.id, {}, 'agree')).status).toBe(303);
    const entries = await listFeedback(world.database, { run: run.id, evaluation: EVALUATION, stage: 'aided' });
    expect(entries).toMatchObject([{ agreedWithAll: true, version: 1 }]);
    expect(entries[0]?.answers).toContainEqual({ question: 'read', subject: 'right', value: 'fracture' });
  });

  it('brings two readers who differ before a third, without their names, and keeps readers from each other', async () => {
    const run = await made();
    await judged(run);
    const [one, two, lead] = [await someone('reader'), await someone('reader'), await someone('evaluation-lead')];
    await send(one, run.id, READ('fracture', 'no-fracture'));
    const seen = await textOf(two, `/api/v1/runs/${run.id}/feedback`);
    expect(JSON.parse(seen)).toMatchObject({ feedback: [] });
    expect(await textOf(lead, `/runs/${run.id}`)).not.toContain('The readers differ');
    await send(two, run.id, READ('no-fracture', 'no-fracture'));
    const page = await textOf(lead, `/runs/${run.id}`);
    expect(page).toContain('The readers differ');
    expect(page.slice(page.indexOf('The readers differ'))).not.toMatch(/reader-\d/);
    expect((await send(lead, run.id, READ('fracture', 'no-fracture'))).status).toBe(303);
    expect((await stagesSent(run.id)).sort()).toEqual(['adjudication', 'quality', 'unaided', 'unaided']);
  });

  it('asks no unaided read of somebody who can look the result up', async () => {
    const run = await made();
    await judged(run);
    const administrator = await someone('administrator');
    const page = await textOf(administrator, `/runs/${run.id}`);
    expect(page).toContain('Your account can look it up');
    expect(page).toContain('Model&#39;s summary'.replace('&#39;', "'"));
  });
});

describe('revealedTo', () => {
  it('shows what somebody else drew on an exam to whoever has read the exam', async () => {
    const other = await makeWorld(await postgres.fresh(), [
      { ...LIVER_EVALUATION, reading: { mode: 'unaided-first', readersPerCase: 'all', adjudicate: [] } },
    ]);
    const { id, result } = await other.run({ segmentation: {} });
    const study = { studyInstanceUid: result?.studyInstanceUid ?? '' };
    const ann: Person = { name: 'ann', grants: [{ role: 'reader', evaluation: null }] };
    const { pipeline } = LIVER_EVALUATION;
    const imported = { pipeline, source: 'expert', author: 'bob', edits: null };
    const runs = [
      { ...study, id, pipeline, imported: undefined },
      { ...study, id: 'f'.repeat(64), pipeline: 'segmentation-import', imported },
    ];
    expect([...(await revealedTo(other.parts, ann, runs))]).toEqual([]);
    const entry = { id: randomUUID(), run: id, evaluation: LIVER_EVALUATION, stage: 'unaided', author: 'ann' } as const;
    const rest = { answers: [], agreedWithAll: false, reviewTime: null, reason: null, now: new Date() };
    await sendFeedback(other.database, { ...entry, ...rest });
    expect([...(await revealedTo(other.parts, ann, runs))]).toEqual(runs.map((run) => run.id));
    await other.close();
  });
});

describe('the list of what is to be read', () => {
  const listOf = async (browser: Browser) => {
    const { evaluations } = ReadingListView.parse(JSON.parse(await textOf(browser, '/api/v1/reading')));
    return evaluations.find(({ evaluation }) => evaluation === EVALUATION);
  };
  const stageOf = async (browser: Browser, run: string) =>
    (await listOf(browser))?.cases.find((one) => one.run === run)?.stage;

  it('follows a case from the quality review through both reads to the decision', async () => {
    const run = await made();
    const [reviewer, one, two] = [await someone('quality-reviewer'), await someone('reader'), await someone('reader')];
    const lead = await someone('evaluation-lead');
    expect([await stageOf(reviewer, run.id), await stageOf(one, run.id)]).toEqual(['quality', undefined]);
    await judged(run);
    expect([await stageOf(reviewer, run.id), await stageOf(one, run.id)]).toEqual([undefined, 'unaided']);
    await send(one, run.id, READ('fracture', 'no-fracture'));
    expect([await stageOf(one, run.id), await stageOf(two, run.id)]).toEqual(['aided', 'unaided']);
    await send(one, run.id, {}, 'agree');
    await send(two, run.id, READ('hardware', 'no-fracture'));
    expect([await stageOf(one, run.id), await stageOf(lead, run.id)]).toEqual([undefined, 'adjudication']);
    await send(lead, run.id, READ('fracture', 'no-fracture'));
    expect(await stageOf(lead, run.id)).toBeUndefined();
    expect(await listOf(one)).toMatchObject({ done: 1 });
    const page = await textOf(two, '/reading');
    expect(page).toContain('With the model’s result');
    expect((await two.get(`/reading/${EVALUATION}/next`)).headers.get('location')).toMatch(/^\/runs\/[0-9a-f]{64}$/);
  });

  it('asks again about an exam whose run was amended, and no more about the old run', async () => {
    const run = await made();
    await judged(run);
    const reader = await someone('reader');
    await send(reader, run.id, READ('fracture', 'no-fracture'));
    const { id } = await world.run({ amends: run.id, study: run.study });
    expect(await stageOf(reader, run.id)).toBeUndefined();
    expect(await stageOf(await someone('quality-reviewer'), id)).toBe('quality');
  });

  it('asks who has seen the model’s result of the earlier run once more, with the model in view only', async () => {
    const run = await made();
    await judged(run);
    const [one, two] = [await someone('reader'), await someone('reader')];
    await send(one, run.id, READ('fracture', 'no-fracture'));
    const { id, result } = await world.run({ amends: run.id, study: run.study });
    const { images } = DetectionResult.parse(result);
    await judged({ id, images: images.map(({ sopInstanceUid }) => sopInstanceUid) });
    expect([await stageOf(one, id), await stageOf(two, id)]).toEqual(['aided', 'unaided']);
    expect(await textOf(one, `/runs/${id}`)).toContain('class-fracture');
    expect(await textOf(two, `/runs/${id}`)).not.toContain('class-fracture');
    expect((await send(one, id, {}, 'agree')).status).toBe(303);
    expect(await stageOf(one, id), 'the exam reopens once').toBeUndefined();
  });

  it('keeps a form that was begun on the earlier run, says that there is a newer one, and lets its answers be taken over', async () => {
    const run = await made();
    await judged(run);
    const [reader, other] = [await someone('reader'), await someone('reader')];
    await send(reader, run.id, READ('hardware', 'uncertain'), 'draft');
    expect(await textOf(reader, `/runs/${run.id}`)).not.toContain('there is a newer run');
    const { id, result } = await world.run({ amends: run.id, study: run.study });
    const { images } = DetectionResult.parse(result);
    await judged({ id, images: images.map(({ sopInstanceUid }) => sopInstanceUid) });
    const old = await textOf(reader, `/runs/${run.id}`);
    expect(old).toContain('there is a newer run');
    expect(old).toMatch(/<details class="of-earlier" open>/);
    expect(old).toMatch(/name="answer:read:right" value="hardware"[^>]*checked/);
    expect(await textOf(other, `/runs/${run.id}`), 'nobody else begins there').toMatch(/<details class="of-earlier">/);
    expect(await textOf(reader, `/runs/${id}`)).toContain('Take over what you entered');
    const taken = await textOf(reader, `/runs/${id}?begun=${run.id}`);
    expect(taken).toMatch(/name="answer:read:right" value="hardware"[^>]*checked/);
    expect(await textOf(other, `/runs/${id}?begun=${run.id}`), 'nobody takes over another’s').not.toMatch(/ checked/);
    expect((await send(reader, run.id, READ('hardware', 'uncertain'))).status, 'it can be finished').toBe(303);
    expect([await stageOf(reader, run.id), await stageOf(reader, id)]).toEqual([undefined, 'aided']);
  });

  it('shares cases out evenly where an evaluation wants so many readers of each', async () => {
    const url = await postgres.fresh();
    const hips = loadEvaluations([path.join(HOME, 'pipelines')]).get(EVALUATION);
    if (hips === undefined) throw new Error('There is no evaluation of hips.');
    const shared = { ...hips, reading: { ...hips.reading, qualityReview: undefined, readersPerCase: 2 } };
    const other = await makeWorld(url, [shared]);
    const readers = await Promise.all(['ann', 'bob', 'cem'].map((name) => other.signedIn(name, 'reader')));
    await other.signedIn('lea', 'evaluation-lead');
    for (const _ of [1, 2, 3]) await other.run();
    const counts = await Promise.all(readers.map(async (reader) => (await listOf(reader))?.cases.length));
    expect(counts).toEqual([2, 2, 2]);
    await other.close();
  });
});
