import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { roleGrant } from '../../schemas/database/web.ts';
import { type BlindedExam, MAKERS, makeBlindedExam } from '../../tests/blinded-exam.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { createApp } from '../app.ts';
import { archiveReader } from '../archive.ts';
import { listFeedback } from '../feedback/entries.ts';
import { BLINDED_EVALUATION, LIVER_EVALUATION } from '../testing/pipelines.ts';
import { type Browser, makeBrowser, makeWorld, PASSWORD, type World } from '../testing/world.ts';
import { withdrawExam } from './reads.fixture.ts';

const { name: EVALUATION } = BLINDED_EVALUATION;
let postgres: TestPostgres;
let world: World;
let exam: BlindedExam;
let ann: Browser;

beforeAll(async () => {
  postgres = await startTestPostgres();
  const made = await makeWorld(postgres.url, [LIVER_EVALUATION, BLINDED_EVALUATION]);
  const app = createApp({ ...made.parts, archive: archiveReader(made.database) });
  world = { ...made, app };
  exam = await makeBlindedExam(world, { seed: 'blinded reads' });
  await world.parts.copies.makeDue(world.parts.now());
  ann = await reader('ann');
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

/** A browser of somebody with a role, by the app that reads the real archive. */
async function reader(
  name: string,
  role: 'reader' | 'data-scientist' | 'evaluation-lead' = 'reader',
  of: string | null = EVALUATION,
) {
  await world.signedIn(name, role, of);
  const browser = makeBrowser(world.app);
  await browser.post('/sign-in', { name, password: PASSWORD });
  return browser;
}

interface ListedCopy {
  readonly id: string;
  readonly state: 'asked' | 'sent' | 'later';
}

async function copiesOf(browser: Browser): Promise<ListedCopy[]> {
  const { evaluations } = await (await browser.get('/api/v1/copies')).json();
  return evaluations[0]?.exams[0]?.copies ?? [];
}

async function asked(browser: Browser): Promise<string> {
  return (await copiesOf(browser)).find(({ state }) => state === 'asked')?.id ?? '';
}

const ANSWERS = {
  'answer:outline:left-lobe': '4',
  'answer:outline:right-lobe': '3',
  'answer:outline:vessels': '2',
  'answer:plan:exam': 'corrected',
};

async function send(browser: Browser, author: string, id: string, more: Record<string, string> = {}) {
  const page = `/copies/${id}`;
  return browser.post(`${page}/feedback`, {
    'form-token': await browser.field(page, 'form-token'),
    id: await browser.field(page, 'id'),
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
    const [first, second] = await copiesOf(ann);
    expect((await copiesOf(ann)).map(({ state }) => state)).toEqual(['asked', 'later', 'later']);
    expect((await ann.get(`/reading/${EVALUATION}/next`)).headers.get('location')).toBe(`/copies/${first?.id}`);
    expect((await ann.get(`/copies/${second?.id}`)).headers.get('location')).toBe(`/copies/${first?.id}`);
    for (const path of ['viewer', 'file', 'dicomweb/studies?StudyInstanceUID=1.2.3']) {
      expect((await ann.get(`/copies/${second?.id}/${path}`)).status, path).toBe(409);
    }
    const page = await (await ann.get(`/copies/${first?.id}`)).text();
    expect(page).toContain('Segmentation 1 of 3');
    expect(page).not.toContain('Its volumes');
    const sent = await send(ann, 'ann', first?.id ?? '', { opened: '60000', 'first-action': '2000', active: '30000' });
    expect(sent.status).toBe(303);
    const [entry] = await listFeedback(world.database, { run: first?.id ?? '', evaluation: EVALUATION });
    expect(entry).toMatchObject({
      stage: 'blinded',
      author: 'ann',
      reviewTime: { activeSeconds: 30, idleSeconds: 30 },
    });
    expect((await copiesOf(ann)).map(({ state }) => state)).toEqual(['sent', 'asked', 'later']);
  });

  it('is led there by the PACS', async () => {
    const { studies } = world.archive;
    const lastReceivedAt = world.parts.now().toISOString();
    const held = { instances: 16, series: 1, lastReceivedAt, quarantined: 0, routes: [] };
    studies.set(exam.StudyInstanceUID, { studyInstanceUid: exam.StudyInstanceUID, state: 'complete', ...held });
    const sealed = (await ann.get(`/launch?study=${exam.StudyInstanceUID}`)).headers.get('location') ?? '';
    expect((await ann.get(sealed)).headers.get('location')).toBe(`/copies/${await asked(ann)}`);
  });

  it('corrects what was sent by a new version, with a reason', async () => {
    const [first] = await copiesOf(ann);
    const id = first?.id ?? '';
    const page = `/copies/${id}?correct=blinded`;
    const fields = { 'form-token': await ann.field(page, 'form-token'), id: await ann.field(page, 'id') };
    const correct = (reason: string) =>
      ann.post(`/copies/${id}/feedback`, {
        ...{ ...fields, ...ANSWERS, author: 'ann', stage: 'blinded', 'evaluation-version': '1.0.0', action: 'send' },
        reason,
      });
    expect((await correct('')).status).toBe(422);
    expect((await correct('The wrong key.')).status).toBe(303);
    const versions = await listFeedback(world.database, { run: id, evaluation: EVALUATION });
    expect(versions.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('keeps what was entered when the session ends meanwhile', async () => {
    const id = await asked(ann);
    const gone = makeBrowser(world.app);
    const fields = { id: crypto.randomUUID(), author: 'ann', stage: 'blinded', 'evaluation-version': '1.0.0' };
    const answer = await gone.post(`/copies/${id}/feedback`, { ...fields, action: 'send', ...ANSWERS });
    expect(answer.status).toBe(401);
    const resume = /name="resume" value="([^"]*)"/.exec(await answer.text())?.[1]?.replaceAll('&quot;', '"') ?? '';
    const back = await gone.post('/sign-in', { name: 'ann', password: PASSWORD, next: `/copies/${id}`, resume });
    expect(back.headers.get('location')).toBe(`/copies/${id}?notice=kept#feedback`);
    expect(await (await gone.get(`/copies/${id}`)).text()).toMatch(/value="corrected"[^>]* checked/);
  });

  it('answers by the API too, and finds there nothing of others', async () => {
    const bob = await reader('bob');
    const id = await asked(bob);
    const { copy, form, feedback } = await (await bob.get(`/api/v1/copies/${id}/feedback`)).json();
    expect({ copy, feedback, form: Object.keys(form).sort() }).toEqual({
      copy: id,
      feedback: [],
      form: ['introduction', 'name', 'questions', 'title', 'version'],
    });
    const answer = await world.app.request(`http://127.0.0.1:8000/api/v1/copies/${id}/feedback`, {
      method: 'POST',
      headers: {
        cookie: [...bob.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        host: '127.0.0.1:8000',
        origin: 'http://127.0.0.1:8000',
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        id: crypto.randomUUID(),
        evaluationVersion: '1.0.0',
        stage: 'blinded',
        answers: [
          { question: 'outline', subject: 'left-lobe', value: 1 },
          { question: 'outline', subject: 'right-lobe', value: 1 },
          { question: 'outline', subject: 'vessels', value: 1 },
          { question: 'plan', subject: 'exam', value: 'no' },
        ],
      }),
    });
    expect(answer.status, await answer.clone().text()).toBe(201);
  });
});

describe('who cannot be a blinded reader', () => {
  it.each([
    [
      'sees the results of the pipeline',
      'all',
      'reader',
      null,
      /can open the results of “Liver segmentation for transplant”/,
    ],
    ['leads the evaluation', 'lea', 'evaluation-lead', EVALUATION, /no reader of this evaluation/],
  ] as const)('is told so, and what to do: who %s', async (_, name, role, of, why) => {
    const browser = await reader(name, role, of);
    const answer = await browser.get(`/copies/${await asked(ann)}`);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(why);
    if (role === 'reader') expect(await (await browser.get('/reading')).text()).toMatch(why);
  });

  it('is, for an exam, who has looked at its result with a role that they have lost since', async () => {
    const eve = await reader('eve', 'reader', null);
    expect((await eve.get(`/runs/${exam.runs.get('novice')}`)).status).toBe(200);
    const { db } = world.database;
    await db.update(roleGrant).set({ evaluation: EVALUATION }).where(eq(roleGrant.account, 'eve'));
    expect((await eve.get(`/runs/${exam.runs.get('novice')}`)).status).toBe(404);
    expect(await copiesOf(eve)).toEqual([]);
    expect(await (await eve.get('/reading')).text()).toContain('One exam is left out');
    expect((await eve.get(`/copies/${await asked(ann)}`)).status).toBe(403);
  });

  it('is anybody of another evaluation: there is nothing for them', async () => {
    const other = await reader('other', 'reader', 'hip-fracture-detection');
    const id = await asked(ann);
    for (const path of ['', '/viewer', '/file', '/dicomweb/studies?StudyInstanceUID=1.2.3']) {
      expect((await other.get(`/copies/${id}${path}`)).status, path).toBe(404);
    }
    expect((await other.get(`/api/v1/copies/${id}/feedback`)).status).toBe(404);
  });
});

describe('what a blinded reader can reach', () => {
  it('tells neither who made a segmentation, nor with what, nor in which run', async () => {
    const cy = await reader('cy');
    const secrets = [
      ...MAKERS.flatMap(({ source, author, tool }) => [source, author, tool]).filter(
        (word) => !['', 'model'].includes(word),
      ),
      ...exam.runs.values(),
      ...[...exam.segmentations.values()].flatMap(uidsIn),
      'liver-lobes',
    ];
    const seen: string[] = [];
    for (let turn = 1; turn <= 3; turn += 1) {
      const id = await asked(cy);
      for (const path of pathsFor(id)) {
        const answer = await cy.get(path);
        const body = Buffer.from(await answer.arrayBuffer()).toString('latin1');
        // What the reader wrote in the address comes back in a page for signing in or a redirect: that is no news.
        const text = `${JSON.stringify([...answer.headers])} ${body}`.replaceAll(path, '');
        for (const secret of secrets) expect(text.includes(secret), `${secret} in ${path}`).toBe(false);
        if (answer.status === 200) seen.push(path.replaceAll(id, '…'));
      }
      expect((await send(cy, 'cy', id)).status).toBe(303);
    }
    expect(new Set(seen).size).toBeGreaterThan(12);
    expect(await (await cy.get('/reading')).text()).toContain('You have finished 1.');
  });

  /** Every address that names the exam, its runs or its copies, and those that name none. */
  function pathsFor(id: string): string[] {
    const study = exam.StudyInstanceUID;
    const series = [exam.SeriesInstanceUID, ...[...exam.segmentations.values()].map((bytes) => uidsIn(bytes)[1] ?? '')];
    const dicomweb = (root: string) => [
      `${root}/studies?StudyInstanceUID=${study}&includefield=all`,
      `${root}/studies/${study}`,
      `${root}/studies/${study}/metadata`,
      `${root}/studies/${study}/series?includefield=00081030,0008103E`,
      `${root}/studies/${study}/instances`,
      ...series.flatMap((uid) => [
        `${root}/studies/${study}/series/${uid}`,
        `${root}/studies/${study}/series/${uid}/metadata`,
      ]),
    ];
    const runs = [...exam.runs.values()].flatMap((run) =>
      ['', '/viewer', '/files/seg', '/previews/1.png', '/trend']
        .map((part) => `/runs/${run}${part}`)
        .concat([`/api/v1/runs/${run}`, `/api/v1/runs/${run}/feedback`, `/api/v1/runs/${run}/deliveries`]),
    );
    return [
      '/',
      '/reading',
      '/account',
      '/approvals',
      '/evaluations',
      `/evaluations/${EVALUATION}`,
      `/evaluations/${EVALUATION}/key`,
      ...[
        `/evaluations/${EVALUATION}/export.csv`,
        `/evaluations/${EVALUATION}/key.csv`,
        `/api/v1/evaluations/${EVALUATION}/key`,
      ],
      ...[`/studies/${study}`, `/launch?study=${study}`, '/audit', '/quarantine'],
      ...[
        '/api/v1/me',
        '/api/v1/runs',
        '/api/v1/reading',
        '/api/v1/copies',
        '/api/v1/approvals',
        `/api/v1/studies/${study}`,
      ],
      ...[`/copies/${id}`, `/copies/${id}/viewer`, `/copies/${id}/file`, `/api/v1/copies/${id}/feedback`],
      ...dicomweb(`/copies/${id}/dicomweb`),
      ...dicomweb('/dicomweb'),
      ...runs,
    ];
  }
});

describe('an exam that was withdrawn', () => {
  it('is asked about no more', async () => {
    const dee = await reader('dee');
    const id = await asked(dee);
    await withdrawExam(world, exam.StudyInstanceUID, 'withdrawn');
    expect(await copiesOf(dee)).toEqual([]);
    expect((await dee.get(`/copies/${id}`)).status).toBe(410);
    await withdrawExam(world, exam.StudyInstanceUID, 'restored');
    expect(await asked(dee)).toBe(id);
  });
});

/** SOPInstanceUID and SeriesInstanceUID of a file. */
function uidsIn(bytes: Buffer): string[] {
  const { dataset } = readPart10(bytes, { untilPixelData: true });
  return [dataset.text('SOPInstanceUID') ?? '', dataset.text('SeriesInstanceUID') ?? ''];
}
