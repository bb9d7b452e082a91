import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DetectionResult } from '../../schemas/result.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { hold, whenWaiting } from '../testing/locks.ts';
import { type Browser, makeWorld, PASSWORD, type World } from '../testing/world.ts';
import { listFeedback } from './entries.ts';
import { exportOutbox } from './export.ts';

const EVALUATION = 'hip-fracture-detection';
let postgres: TestPostgres;
let world: World;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

let people = 0;
async function reader(): Promise<{ name: string; browser: Browser }> {
  people += 1;
  const name = `reader-${people}`;
  return { name, browser: await world.signedIn(name) };
}

async function questioned(): Promise<{ id: string; result: DetectionResult }> {
  const { id, result } = await world.run();
  return { id, result: DetectionResult.parse(result) };
}

/** Every answer that must be given. */
function wholeForm({ images }: DetectionResult): Record<string, string> {
  const [image] = images;
  const uid = image?.sopInstanceUid ?? '';
  return {
    'answer:read:right': 'fracture',
    'answer:read:left': 'no-fracture',
    [`answer:image-quality:${uid}`]: '4',
    [`answer:box:${uid}/1`]: 'fits',
    [`answer:box:${uid}/2`]: 'misplaced',
  };
}

async function hiddenFields(browser: Browser, at: string): Promise<Record<string, string>> {
  const text = await (await browser.get(at)).text();
  const form = text.slice(text.indexOf('id="feedback"'));
  const names = ['form-token', 'id', 'author', 'evaluation-version'];
  return Object.fromEntries(
    names.map((name) => [name, new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1] ?? '']),
  );
}

const entries = (run: string) => listFeedback(world.database, { run, evaluation: EVALUATION });

describe('the form', () => {
  it('keeps answers with who and when, shows them read-only, and writes them to the store', async () => {
    const { id, result } = await questioned();
    const { name, browser } = await reader();
    const fields = { ...(await hiddenFields(browser, `/runs/${id}`)), ...wholeForm(result), action: 'send' };
    const answer = await browser.post(`/runs/${id}/feedback`, fields);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/runs/${id}#feedback`]);
    const page = await (await browser.get(`/runs/${id}`)).text();
    expect(page).toContain(`Sent by <strong>${name}</strong>`);
    expect(page).not.toContain('type="radio"');
    await exportOutbox(world.store, world.database);
    const [entry] = await entries(id);
    const stored = await world.store.get('feedback', `${EVALUATION}/${id}/${entry?.id}.json`);
    expect(JSON.parse(stored.toString())).toEqual(entry);
    expect(entry).toMatchObject({ author: name, version: 1, evaluationVersion: '1.0.0', reason: null });
  });

  it('sent twice at the same moment is one entry', async () => {
    const { id, result } = await questioned();
    const { browser } = await reader();
    const fields = { ...(await hiddenFields(browser, `/runs/${id}`)), ...wholeForm(result), action: 'send' };
    const answers = await Promise.all(Array.from({ length: 12 }, () => browser.post(`/runs/${id}/feedback`, fields)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
    expect(await entries(id)).toHaveLength(1);
  });

  it('should be 422 at the field if an answer is missing, with everything else kept', async () => {
    const { id, result } = await questioned();
    const { browser } = await reader();
    const { 'answer:read:left': _, ...some } = wholeForm(result);
    const fields = { ...(await hiddenFields(browser, `/runs/${id}`)), ...some, action: 'send' };
    const answer = await browser.post(`/runs/${id}/feedback`, fields);
    const text = await answer.text();
    expect(answer.status).toBe(422);
    expect(text).toContain('Please answer this.');
    expect(text).toMatch(/name="answer:read:right" value="fracture" required checked/);
    expect(await entries(id)).toHaveLength(0);
    expect(await (await browser.get(`/runs/${id}`)).text(), 'kept as a draft').toMatch(
      /value="fracture" required checked/,
    );
  });

  it('makes a correction a new version with a reason, and never touches the first', async () => {
    const { id, result } = await questioned();
    const { browser } = await reader();
    const first = { ...(await hiddenFields(browser, `/runs/${id}`)), ...wholeForm(result), action: 'send' };
    await browser.post(`/runs/${id}/feedback`, first);
    const correction = {
      ...(await hiddenFields(browser, `/runs/${id}?correct=aided`)),
      ...wholeForm(result),
      'answer:read:left': 'hardware',
      action: 'send',
    };
    const refused = await browser.post(`/runs/${id}/feedback`, correction);
    expect([refused.status, (await refused.text()).includes('A correction needs a reason.')]).toEqual([422, true]);
    await browser.post(`/runs/${id}/feedback`, { ...correction, reason: 'Saw the screw late.' });
    const [one, two] = await entries(id);
    expect(one?.answers).toContainEqual({ question: 'read', subject: 'left', value: 'no-fracture' });
    expect(two).toMatchObject({ version: 2, reason: 'Saw the screw late.' });
    await expect(world.database.sql`update web.feedback set answers = '[]'`).rejects.toThrow('never changed');
  });

  it('takes the newest version for the newest, also where the clock was set back', async () => {
    const { id, result } = await questioned();
    const { browser } = await reader();
    const send = async (more: Record<string, string>) => {
      const hidden = await hiddenFields(browser, `/runs/${id}?correct=aided`);
      return browser.post(`/runs/${id}/feedback`, { ...hidden, ...wholeForm(result), ...more, action: 'send' });
    };
    await send({});
    world.later(-60_000);
    await send({ 'answer:read:right': 'hardware', reason: 'Saw the screw late.' });
    expect((await entries(id)).map(({ version }) => version)).toEqual([1, 2]);
    expect(await (await browser.get(`/runs/${id}?correct=aided`)).text()).toMatch(/value="hardware" required checked/);
  });

  it('loses nothing when the session has ended meanwhile: sign in, look, send', async () => {
    const { id, result } = await questioned();
    const { name, browser } = await reader();
    const fields = { ...(await hiddenFields(browser, `/runs/${id}`)), ...wholeForm(result), action: 'send' };
    browser.cookies.clear();
    const asked = await browser.post(`/runs/${id}/feedback`, fields);
    const page = await asked.text();
    expect([asked.status, page.includes('Your answers are kept')]).toEqual([401, true]);
    const resume = (/name="resume" value="([^"]*)"/.exec(page)?.[1] ?? '').replaceAll('&quot;', '"');
    const back = await browser.post('/sign-in', { name, password: PASSWORD, next: `/runs/${id}`, resume });
    expect(back.headers.get('location')).toBe(`/runs/${id}?notice=kept#feedback`);
    expect(await (await browser.get(`/runs/${id}?notice=kept`)).text()).toMatch(/value="fracture" required checked/);
  });

  it('says that nothing was saved, and where the answers are, if the form is too large to go through sign-in', async () => {
    const { id, result } = await questioned();
    const { name, browser } = await reader();
    const fields = { ...(await hiddenFields(browser, `/runs/${id}`)), ...wholeForm(result), action: 'send' };
    browser.cookies.clear();
    const huge = 'x'.repeat(600_000);
    const answers = [
      await browser.post(`/runs/${id}/feedback`, { ...fields, 'answer:remarks': huge }),
      await browser.post(`/runs/${id}/feedback`, { ...fields, 'answer:remarks': 'x'.repeat(30_000) }),
      await browser.post('/sign-in', { name, password: PASSWORD, next: `/runs/${id}`, resume: huge }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(413);
      expect(await answer.text()).toContain('Nothing was saved. This browser keeps what you entered as a draft');
    }
    const elsewhere = await browser.post('/theme', { theme: huge });
    expect([elsewhere.status, await elsewhere.text()]).toEqual([413, expect.not.stringContaining('Nothing was saved')]);
  });

  it('keeps the answers when somebody has signed in anew in another window', async () => {
    const { id, result } = await questioned();
    const { name, browser } = await reader();
    const fields = { ...(await hiddenFields(browser, `/runs/${id}`)), ...wholeForm(result), action: 'send' };
    await browser.post('/sign-in', { name, password: PASSWORD });
    const answer = await browser.post(`/runs/${id}/feedback`, fields);
    expect(answer.headers.get('location')).toBe(`/runs/${id}?notice=kept#feedback`);
    expect(await entries(id), 'nothing is sent without a look at it').toHaveLength(0);
  });

  it('does not give one person’s answers to another who signs in', async () => {
    const { id, result } = await questioned();
    const { browser } = await reader();
    const other = await reader();
    const fields = { ...(await hiddenFields(browser, `/runs/${id}`)), ...wholeForm(result), action: 'send' };
    const answer = await other.browser.post(`/runs/${id}/feedback`, fields);
    expect(answer.status).toBe(409);
    expect(await entries(id)).toHaveLength(0);
  });

  it('keeps a draft by itself, and no late one of a form that was sent', async () => {
    const { id, result } = await questioned();
    const { browser } = await reader();
    const hidden = await hiddenFields(browser, `/runs/${id}`);
    expect(
      (await browser.post(`/runs/${id}/feedback/draft`, { ...hidden, 'answer:read:right': 'uncertain' })).status,
    ).toBe(200);
    expect(await (await browser.get(`/runs/${id}`)).text()).toMatch(/value="uncertain" required checked/);
    await browser.post(`/runs/${id}/feedback`, { ...hidden, ...wholeForm(result), action: 'send' });
    await browser.post(`/runs/${id}/feedback/draft`, { ...hidden, 'answer:read:right': 'uncertain' });
    expect(
      await (await browser.get(`/runs/${id}?correct=aided`)).text(),
      'the correction begins with what was sent',
    ).toMatch(/value="fracture" required checked/);
  });

  it('keeps no draft that comes while its form is being sent', async () => {
    const { id, result } = await questioned();
    const { browser } = await reader();
    const hidden = await hiddenFields(browser, `/runs/${id}`);
    const release = await hold(world.database, 'lock table web.feedback_draft in share mode');
    const form = browser.post(`/runs/${id}/feedback`, { ...hidden, ...wholeForm(result), action: 'send' });
    await whenWaiting(world.database, 1);
    const draft = browser.post(`/runs/${id}/feedback/draft`, { ...hidden, 'answer:read:right': 'uncertain' });
    await whenWaiting(world.database, 2);
    await release();
    expect([(await form).status, await (await draft).json()]).toEqual([303, { savedAt: null }]);
    expect(
      await (await browser.get(`/runs/${id}?correct=aided`)).text(),
      'the correction begins with what was sent',
    ).toMatch(/value="fracture" required checked/);
  });
});

describe('the API', () => {
  const post = (id: string, body: unknown) =>
    world.api(`/api/v1/runs/${id}/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('takes answers once, and answers the same entry to the same again', async () => {
    const { id, result } = await questioned();
    const uid = result.images[0]?.sopInstanceUid;
    const body = {
      id: randomUUID(),
      evaluationVersion: '1.0.0',
      answers: [
        { question: 'read', subject: 'right', value: 'fracture' },
        { question: 'read', subject: 'left', value: 'no-fracture' },
        { question: 'image-quality', subject: uid, value: 5 },
        { question: 'box', subject: `${uid}/1`, value: 'fits' },
        { question: 'box', subject: `${uid}/2`, value: 'fits' },
      ],
    };
    const [first, again] = [await post(id, body), await post(id, body)];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(await again.json()).toEqual(await first.json());
    const list = await (await world.api(`/api/v1/runs/${id}/feedback`)).json();
    expect(list).toMatchObject({
      run: id,
      evaluation: { version: '1.0.0' },
      feedback: [{ author: 'api-token', version: 1 }],
    });
    const changed = await post(id, { ...body, answers: body.answers.slice(0, 4) });
    expect([changed.status, (await changed.json()).detail]).toEqual([422, `box ${uid}/2: this must be answered`]);
    const other = await post(id, { ...body, id: randomUUID() });
    expect([other.status, (await other.json()).detail]).toEqual([409, expect.stringContaining('needs a reason')]);
  });

  it('should be 415 unless the body says that it is JSON', async () => {
    const { id } = await questioned();
    const answer = await world.api(`/api/v1/runs/${id}/feedback`, { method: 'POST', body: '{}' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([415, 'application/problem+json']);
  });

  it('should be 404 for a run without a result', async () => {
    const { id } = await world.run({ status: 'failed' });
    expect((await world.api(`/api/v1/runs/${id}/feedback`)).status).toBe(404);
  });
});
