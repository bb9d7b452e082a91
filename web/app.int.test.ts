import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../schemas/database/web.ts';
import { DetectionResult } from '../schemas/result.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { noteUnreadable } from './projection/unreadable.ts';
import { freshUid } from './testing/results.ts';
import { type Browser, makeWorld, type World } from './testing/world.ts';

let postgres: TestPostgres;
let world: World;
let administrator: Browser;
let reader: Browser;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  administrator = await world.signedIn('boss', 'administrator');
  reader = await world.signedIn('reader');
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

describe('every page and address', () => {
  it.each(['/', '/events', '/runs/x', '/studies/1.2', '/launch/x', '/account', '/accounts', '/quarantine', '/nothing'])(
    'asks who it is: %s',
    async (at) => {
      const answer = await world.browser().get(at);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, `/sign-in?next=${encodeURIComponent(at)}`]);
    },
  );

  it.each(['/api/v1/runs', '/api/v1/studies/1.2', '/api/v1/openapi.json', '/api/v1/nothing'])(
    'should be 401 in the API: %s',
    async (at) => {
      expect((await world.browser().get(at)).status).toBe(401);
    },
  );

  it('should be 404 in its own form for what is not there', async () => {
    const page = await reader.get('/runs/0');
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    const api = await world.api(`/api/v1/runs/${'0'.repeat(64)}`);
    expect([api.status, api.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  it.each(['studyInstanceUid=1.02', 'pipeline=A', 'limit=501', 'status=done', 'before=x'])(
    'should be 400 for the query %s',
    async (query) => {
      const answer = await world.api(`/api/v1/runs?${query}`);
      expect(answer.status).toBe(400);
      expect((await answer.json()).detail).toContain(query.split('=')[0]);
    },
  );
});

describe('GET /assets/<digest>/<name>', () => {
  it('gives what pages name to anybody, to be kept for good, and nothing under another digest', async () => {
    const browser = world.browser();
    const page = await (await browser.get('/sign-in')).text();
    const named = /href="(\/assets\/[^"]+\.css)"/.exec(page)?.[1] ?? '';
    const answer = await browser.get(named);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await browser.get('/assets/0/style.css')).status).toBe(404);
  });
});

describe('GET /healthz, /readyz, /metrics', () => {
  it('need no sign-in from this machine', async () => {
    const browser = world.browser();
    const answers = await Promise.all(['/healthz', '/readyz', '/metrics'].map((at) => browser.get(at)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('tell metrics to nobody else, and no address in them', async () => {
    expect((await world.browser('10.0.0.9').get('/metrics')).status).toBe(401);
    const uid = freshUid();
    await reader.get(`/studies/${uid}`);
    const text = await (await world.browser().get('/metrics')).text();
    expect(text).toContain('route="/studies/:uid"');
    expect(text).not.toContain(uid);
  });
});

describe('a run’s pictures', () => {
  it('are had from the run only, as PNG and as grey values', async () => {
    const { id, result } = await world.run();
    const at = `/runs/${id}/images/${DetectionResult.parse(result).images[0]?.sopInstanceUid}`;
    const [png, gray16] = [await reader.get(`${at}.png`), await reader.get(`${at}.gray16`)];
    expect([png.headers.get('content-type'), gray16.headers.get('content-encoding')]).toEqual(['image/png', 'gzip']);
    expect((await reader.get(`/runs/${id}/images/1.2.3.png`)).status).toBe(404);
    expect((await reader.get(`/runs/${id}/images/..%2f..%2fresult.json`)).status).toBe(404);
  });
});

describe('a segmentation', () => {
  it('shows volumes with shares, and marks what is incomplete or nothing', async () => {
    const structure = { name: 'a', title: 'Left lobe', volumeMl: 100, voxels: 100, complete: false };
    const structures = [
      structure,
      { ...structure, name: 'b', title: 'Right lobe', volumeMl: 300, complete: true },
      { ...structure, name: 'c', title: 'Vessels', volumeMl: 0, voxels: 0, complete: true },
    ];
    const { id } = await world.run({ segmentation: { structures } });
    const page = await (await reader.get(`/runs/${id}`)).text();
    expect(page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')).toMatch(
      /Left lobe incomplete ≥ 100 mL 25 % Right lobe 300 mL 75 % Vessels 0 mL none marked – Total ≥ 400 mL 100 %/,
    );
    expect(await (await reader.get('/')).text()).toContain('at least 100 mL (incomplete)');
  });

  it('says at the edges of each picture what side of the patient is there, where the result tells', async () => {
    const { id, result } = await world.run({ segmentation: {} });
    const page = await (await reader.get(`/runs/${id}`)).text();
    const edges = (title: string) =>
      [...page.matchAll(new RegExp(`alt="${title}[^"]*"[^>]*>(.*?)</div>`, 'gs'))].flatMap(([, marks = '']) =>
        [...marks.matchAll(/class="edge is-(\w+)"[^>]*>(\w)</g)].map(([, edge, letter]) => `${edge} ${letter}`),
      );
    expect(edges('Axial')).toEqual(['left R', 'right L', 'top A']);
    expect(edges('Coronal')).toEqual(['left R', 'right L', 'top H']);
    expect(edges('Sagittal')).toEqual(['left A', 'right P', 'top H']);
    expect(page).toContain('alt="Axial, middle of the liver; on the left the patient’s right, on top the front"');
    if (result?.kind !== 'segmentation') throw new Error('The run has no segmentation.');
    const untold = result.previews.map(({ PatientOrientation: _, ...rest }) => rest);
    const older = await world.run({ segmentation: { previews: untold } });
    expect(await (await reader.get(`/runs/${older.id}`)).text()).not.toContain('class="edge');
  });

  it('gives its pictures and files from the run only, and records who took a file', async () => {
    const { id } = await world.run({ segmentation: {} });
    const picture = await reader.get(`/runs/${id}/previews/1.png`);
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect((await reader.get(`/runs/${id}/previews/4.png`)).status).toBe(404);
    const file = await reader.get(`/runs/${id}/files/seg`);
    expect(file.headers.get('content-type')).toBe('application/dicom');
    expect(file.headers.get('content-disposition')).toBe(
      `attachment; filename="liver-transplant-segmentation-${id.slice(0, 12)}.seg.dcm"`,
    );
    expect((await reader.get(`/runs/${id}/files/capture`)).status, 'there is none').toBe(404);
    expect((await reader.get(`/runs/${id}/files/result`)).status).toBe(404);
    expect((await world.browser().get(`/runs/${id}/files/seg`)).status, 'not signed in').toBe(303);
    const taken = await world.database.db.select().from(audit).where(eq(audit.action, 'result-downloaded'));
    expect(taken.map(({ actor, subject }) => [actor, subject])).toEqual([['reader', `${id}/seg`]]);
  });
});

describe('another try', () => {
  it('is for administrators, from page and API', async () => {
    const { id } = await world.run({ status: 'failed' });
    const readerToken = await reader.field('/', 'form-token');
    expect((await reader.post(`/runs/${id}/retry`, { 'form-token': readerToken })).status).toBe(403);
    const token = await administrator.field(`/runs/${id}`, 'form-token');
    expect((await administrator.post(`/runs/${id}/retry`, { 'form-token': token })).status).toBe(303);
    const stored = JSON.parse((await world.store.get('runs', `${id}/retries/1.json`)).toString());
    expect(stored).toMatchObject({ number: 1, by: 'boss' });
    expect((await world.api(`/api/v1/runs/${id}/retry`, { method: 'POST' })).status, 'the run goes on now').toBe(409);
  });
});

describe('GET /studies/<uid>', () => {
  it('says what was received, what was not taken and why, in page and API', async () => {
    const study = freshUid();
    const held = {
      studyInstanceUid: study,
      state: 'complete' as const,
      instances: 3,
      series: 1,
      lastReceivedAt: '2026-01-31T08:15:00.000Z',
      quarantined: 2,
      routes: [{ route: 'hip-fracture', matched: false, reason: 'StudyDescription is not PELVIS.' }],
    };
    world.archive.studies.set(study, held);
    world.archive.quarantine.set(study, [{ reason: 'The UID is under another patient.', instances: 2 }]);
    const text = await (await reader.get(`/studies/${study}`)).text();
    for (const words of [
      '3 in 1 series',
      'StudyDescription is not PELVIS.',
      'The UID is under another patient.',
      'No route took this exam',
    ]) {
      expect(text).toContain(words);
    }
    expect(await (await world.api(`/api/v1/studies/${study}`)).json()).toEqual({ ...held, runs: [] });
    expect((await world.api(`/api/v1/studies/${freshUid()}`)).status).toBe(404);
  });
});

describe('the worklist', () => {
  it('shows whose exam it is, and finds it by name with no name in an address', async () => {
    const [study, other] = [freshUid(), freshUid()];
    const jane = { name: 'Doe^Jane', patientId: 'P-77', birthDate: null, sex: 'F' };
    world.archive.patients.set(study, { ...jane, accessionNumber: 'A-1', studyDescription: 'PELVIS AP' });
    world.archive.patients.set(other, { ...jane, studyDescription: 'CHEST' });
    const { id } = await world.run({ study });
    const { id: foreign } = await world.run();
    const text = await (await reader.get('/')).text();
    expect(text).toContain('Doe, Jane');
    expect(text).toContain('PELVIS AP');

    const token = await reader.field('/', 'form-token');
    const sent = await reader.post('/search', { 'form-token': token, text: 'doe' });
    const address = sent.headers.get('location') ?? '';
    expect(sent.status).toBe(303);
    expect(address).toMatch(/^\/\?search=[\w-]+$/);
    expect(Buffer.from(address.slice(9), 'base64url').toString('latin1')).not.toContain('doe');
    const found = await (await reader.get(address)).text();
    expect(found).toContain(`/runs/${id}`);
    expect(found).not.toContain(`/runs/${foreign}`);
    expect(found, 'what no pipeline took is found too').toMatch(/One exam without a run.*CHEST/s);
    const choice = await (await reader.get(`${address}&status=failed`)).text();
    expect(choice).toContain('No run fits this choice');
    const search = async (words: string) => {
      const to = (await reader.post('/search', { 'form-token': token, text: words })).headers.get('location') ?? '';
      return (await reader.get(to)).text();
    };
    const chest = await search('chest');
    expect(chest, 'what no pipeline took').toMatch(/One exam without a run.*No pipeline took it/s);
    expect(chest, 'was found all the same').not.toMatch(/No run fits|No exam found/);
    expect(await search('nobody-of-this-name')).toContain('No exam found');
    expect((await reader.get('/?search=forged')).headers.get('location')).toBe('/');
    expect((await reader.post('/search', { text: 'doe' })).status, 'from a page of ours only').toBe(403);
  });

  it('marks a run that a newer one of the exam has taken the place of, and no other', async () => {
    const study = freshUid();
    const rowOf = async (id: string) =>
      new RegExp(`<tr[^>]*>\\s*<td><a class="row-link" href="/runs/${id}.*?</tr>`, 's').exec(
        await (await reader.get('/')).text(),
      )?.[0];
    const { id } = await world.run({ study });
    await world.run({ study });
    expect(await rowOf(id)).not.toContain('replaced');
    const { id: newer } = await world.run({ study, amends: id });
    expect(await rowOf(id)).toContain('replaced by a newer run');
    expect(await rowOf(newer)).not.toContain('replaced');
  });

  it('filters, and goes on page by page without leaving out or repeating a run', async () => {
    const made = await Promise.all(Array.from({ length: 60 }, () => world.run({ status: 'queued' })));
    const seen: string[] = [];
    let at: string | undefined = '/?status=queued&pipeline=';
    while (at !== undefined) {
      const text: string = await (await reader.get(at)).text();
      seen.push(...[...text.matchAll(/class="row-link" href="\/runs\/([0-9a-f]{64})"/g)].map(([, id]) => id ?? ''));
      at = /<a href="([^"]*before=[^"]*)">Older/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(seen).toHaveLength(new Set(seen).size);
    expect(new Set(seen)).toEqual(new Set(made.map(({ id }) => id)));
  });
});

describe('a run that cannot be read', () => {
  it('is shown to administrators on the worklist', async () => {
    await noteUnreadable(world.database, 'e'.repeat(64), 'Its `run.json` is not the plan of a run.');
    expect(await (await administrator.get('/')).text()).toContain('Runs that cannot be read');
    expect(await (await reader.get('/')).text()).not.toContain('Runs that cannot be read');
  });
});

describe('server-sent events', () => {
  it('tell a page of its own study only, and end when the service stops', async () => {
    const study = freshUid();
    const { id } = await world.run({ study, status: 'running' });
    const answer = await reader.get(`/studies/${study}/events`, { accept: 'text/event-stream' });
    const lines = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await lines?.read())?.value).toContain('event: open');
    world.parts.live.announce({ run: 'f'.repeat(64), studyInstanceUid: '1.2' });
    world.parts.live.announce({ run: id, studyInstanceUid: study });
    expect((await lines?.read())?.value).toBe(`event: run\ndata: ${id}\n\n`);
    world.parts.live.close();
    expect((await lines?.read())?.done).toBe(true);
    expect(world.parts.live.listening).toBe(0);
  });
});

describe('GET /api/v1/openapi.json', () => {
  it('describes every address of the API that answers', async () => {
    const document = await (await world.api('/api/v1/openapi.json')).json();
    const described = Object.entries<object>(document.paths).flatMap(([at, methods]) =>
      Object.keys(methods).map((method) => {
        const root = at.startsWith('/dicomweb/') ? '' : '/api/v1';
        return `${method.toUpperCase()} ${root}${at.replaceAll(/\{\w+\}/g, '*')}`;
      }),
    );
    const served = world.app.routes
      .filter(({ path, method }) => /^\/(api\/v1|dicomweb)\/(?!\*)/.test(path) && method !== 'ALL')
      .map(({ path, method }) => `${method} ${path.replaceAll(/:\w+(\{[^}]*\})?/g, '*')}`);
    expect(new Set(described)).toEqual(new Set(served));
    expect(document.openapi).toBe('3.1.0');
  });
});

it.each(['/events', '/studies/1.2/events'])(
  'should hold nothing open for who asks only for the head of %s',
  async (at) => {
    await world.run({ study: '1.2' });
    const answer = await world.api(at, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(world.parts.live.listening).toBe(0);
  },
);
