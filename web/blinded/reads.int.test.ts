import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBlindedExam } from '../../tests/blinded-exam.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { listFeedback } from '../feedback/entries.ts';
import { BLINDED_EVALUATION, LIVER_EVALUATION } from '../testing/pipelines.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';

const { name: EVALUATION } = BLINDED_EVALUATION;
let postgres: TestPostgres;
let world: World;
let ann: Browser;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [LIVER_EVALUATION, BLINDED_EVALUATION]);
  await makeBlindedExam(world, { seed: 'blinded reads' });
  await world.parts.copies.makeDue(world.parts.now());
  ann = await world.signedIn('ann', 'reader', EVALUATION);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const copiesOf = async (reader: Browser) => {
  const { evaluations } = await (await reader.get('/api/v1/copies')).json();
  return evaluations[0]?.exams[0]?.copies ?? [];
};

const ANSWERS = {
  'answer:outline:left-lobe': '4',
  'answer:outline:right-lobe': '3',
  'answer:outline:vessels': '2',
  'answer:plan:exam': 'corrected',
};

async function send(reader: Browser, author: string, id: string, more: Record<string, string> = {}) {
  const page = `/copies/${id}`;
  return reader.post(`${page}/feedback`, {
    'form-token': await reader.field(page, 'form-token'),
    id: await reader.field(page, 'id'),
    author,
    stage: 'blinded',
    'evaluation-version': '1.0.0',
    action: 'send',
    ...ANSWERS,
    ...more,
  });
}

describe('a blinded reader', () => {
  it('is given the copies of an exam one after the other, and answers about each', async () => {
    const copies = await copiesOf(ann);
    expect(copies.map(({ state }: { state: string }) => state)).toEqual(['asked', 'later', 'later']);
    const [first, second] = copies;
    expect((await ann.get(`/reading/${EVALUATION}/next`)).headers.get('location')).toBe(`/copies/${first.id}`);
    expect((await ann.get(`/copies/${second.id}`)).headers.get('location')).toBe(`/copies/${first.id}`);
    const page = await (await ann.get(`/copies/${first.id}`)).text();
    expect(page).toContain('Segmentation 1 of 3');
    const sent = await send(ann, 'ann', first.id, { opened: '60000', 'first-action': '2000', active: '30000' });
    expect(sent.status).toBe(303);
    const [entry] = await listFeedback(world.database, { run: first.id, evaluation: EVALUATION });
    expect(entry).toMatchObject({
      stage: 'blinded',
      author: 'ann',
      reviewTime: { activeSeconds: 30, idleSeconds: 30 },
    });
    expect((await copiesOf(ann)).map(({ state }: { state: string }) => state)).toEqual(['sent', 'asked', 'later']);
  });
});
