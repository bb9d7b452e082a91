import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordQuarantine } from '../../lib/archive/catalogue.ts';
import { readFacts } from '../../lib/archive/facts.ts';
import { quarantineKey } from '../../lib/archive/keys.ts';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { sha256 as digestOf } from '../../lib/runs/canonical.ts';
import { Role } from '../../schemas/rights.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeViewedExam, takeIn } from '../../tests/viewed-exam.ts';
import { isForPrograms } from '../paths.ts';
import { seal } from '../seal.ts';
import { freshUid } from '../testing/results.ts';
import type { RouteRule } from '../testing/route-rule.ts';
import { ROUTE_RULES } from '../testing/routes.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { RIGHTS } from './rights.ts';
import { formToken, startSession } from './sessions.ts';

const ORIGIN = 'http://127.0.0.1:8000';
/** The evaluation that people from elsewhere are of; the runs are of the others. */
const ELSEWHERE = 'brain-tumor-segmentation';

let postgres: TestPostgres;
let world: World;
/** What stands for the parameters of an address: of everything, and of the run that a rule names. */
let params: Record<string, string>;
let runs: Record<'hip' | 'liver' | 'evaluation', Record<string, string>>;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  const { parts } = world;
  for (const role of Role.options) {
    await world.account(role, role);
    await world.account(`${role}-elsewhere`, role, ELSEWHERE);
  }
  await world.account('target');
  runs = { hip: await hipRun(), liver: await liverRun(), evaluation: { name: 'liver-transplant-segmentation' } };
  params = {
    name: 'target',
    sha256: await quarantined(),
    sealed: seal(parts.launchKey, JSON.stringify({ study: freshUid() })),
    digest: 'd'.repeat(16),
  };
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

async function hipRun(): Promise<Record<string, string>> {
  const { id, result } = await world.run();
  const image = result?.kind === 'detection' ? result.images[0]?.sopInstanceUid : undefined;
  return { id, file: `${image}.png` };
}

async function liverRun(): Promise<Record<string, string>> {
  const exam = makeViewedExam('routes');
  await takeIn(world, exam.images);
  const study = exam.StudyInstanceUID;
  const { id, result } = await world.run({ study, segmentation: {} });
  if (result?.kind !== 'segmentation') throw new Error('The run has no segmentation.');
  await world.store.put('results', result.objects.seg ?? '', exam.seg, 'application/dicom');
  await world.store.put('results', result.objects.rtstruct ?? '', exam.rtstruct, 'application/dicom');
  world.archive.exams.push([
    { studyInstanceUid: study, studyDate: '20260105', studyTime: null, studyDescription: null },
  ]);
  const lastReceivedAt = world.parts.now().toISOString();
  const held = { instances: 24, series: 1, lastReceivedAt, quarantined: 0, routes: [] };
  world.archive.studies.set(study, { studyInstanceUid: study, state: 'complete', ...held });
  const { digest } = await (await world.api(`/api/v1/runs/${id}/trend`)).json();
  const image = readPart10(exam.images[0] ?? Buffer.alloc(0)).dataset.text('SOPInstanceUID') ?? '';
  const place = { study, uid: study, series: exam.SeriesInstanceUID, instance: image, frames: '1', path: '00100010' };
  return { id, kind: 'seg', pipeline: 'liver-transplant-segmentation', digest, ...place };
}

async function quarantined(): Promise<string> {
  const identifiers = { SOPInstanceUID: freshUid(), StudyInstanceUID: freshUid(), SeriesInstanceUID: freshUid() };
  const bytes = Buffer.from(writePart10({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', ...identifiers }));
  const sha256 = digestOf(bytes);
  const object = await world.store.put('dicom', quarantineKey(sha256), bytes);
  const facts = readFacts(bytes, { keywords: [] });
  const reception = { entry: undefined, receivedAt: world.parts.now(), facts, dataSetSha256: '' };
  await recordQuarantine(world.database.db, reception, object, 'It was sent under another SOPInstanceUID.');
  return sha256;
}

/** Asks a route in the name of an account, in a session of its own; without a name, of nobody. */
async function ask(route: string, rule: RouteRule, name?: string): Promise<Response> {
  const [method = '', pattern = ''] = route.split(' ');
  const values = { ...params, ...(rule.of === undefined ? {} : runs[rule.of]), ...rule.params };
  const path = pattern
    .replace(/:(\w+)(\{[^}]*\})?/g, (_, key: string) => values[key] ?? `no-${key}`)
    .replace(/\/\*$/, '/anything');
  const headers = new Headers({ host: '127.0.0.1:8000', origin: ORIGIN });
  const token =
    name === undefined ? undefined : await startSession(world.database, name, world.parts.now(), world.parts.sessions);
  if (token !== undefined) headers.set('cookie', `overread-8000=${token}`);
  const fields = { 'form-token': token === undefined ? '' : formToken(token), author: name ?? '', ...rule.form };
  const init: RequestInit = { method, headers };
  if (rule.form !== undefined) init.body = new URLSearchParams(fields);
  if (rule.json !== undefined) {
    headers.set('content-type', 'application/json');
    init.body = JSON.stringify(rule.json);
  }
  const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
  const answer = await world.app.request(`${ORIGIN}${path}${rule.query ?? ''}`, init, env);
  // A stream of events would stay open.
  if (answer.headers.get('content-type') === 'text/event-stream') await answer.body?.cancel();
  return answer;
}

function mayUse({ right }: RouteRule, role: Role): boolean {
  if (right === 'anybody' || right === 'signed-in') return true;
  return [right].flat().some((one) => RIGHTS[role].includes(one));
}

const sendsToSignIn = (answer: Response) =>
  answer.status === 401 || (answer.headers.get('location')?.startsWith('/sign-in') ?? false);

describe('every route', () => {
  it('has a rule, and every rule a route', () => {
    const routes = world.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(routes)].sort()).toEqual(Object.keys(ROUTE_RULES).sort());
  });
});

describe.each(Object.entries(ROUTE_RULES))('%s', (route, rule) => {
  it('asks who it is', async () => {
    const answer = await ask(route, rule);
    if (rule.right === 'anybody') {
      if (route !== 'POST /sign-in') expect(sendsToSignIn(answer)).toBe(false);
      return;
    }
    expect(sendsToSignIn(answer), `${answer.status}`).toBe(true);
    const [, path = ''] = route.split(' ');
    if (isForPrograms(path)) expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  if (rule.right === 'anybody') return;

  it.each(Role.options)('to a %s does what the role may', async (role) => {
    const answer = await ask(route, rule, role);
    if (!mayUse(rule, role)) return expect(answer.status, await answer.text()).toBe(403);
    expect([401, 403, ...(rule.empty === true ? [] : [404])], `${answer.status}`).not.toContain(answer.status);
    expect(answer.status).toBeLessThan(500);
  });

  if (rule.of === undefined) return;

  it('is not there for anybody of another evaluation, whatever they are', async () => {
    for (const role of Role.options) {
      expect([403, 404], role).toContain((await ask(route, rule, `${role}-elsewhere`)).status);
    }
  });
});

describe('people of another evaluation', () => {
  it('find its runs in no list, and its exams in no search', async () => {
    const text = async (route: string, query = '') => {
      const rule = { ...(ROUTE_RULES[route] ?? { right: 'view' }), query };
      return (await ask(route, rule, 'reader-elsewhere')).text();
    };
    const { id = '', study = '' } = runs.liver;
    expect(await text('GET /')).not.toContain(id);
    expect(await text('GET /api/v1/runs')).not.toContain(id);
    expect(await text('GET /dicomweb/studies', `?StudyInstanceUID=${study}`)).toBe('[]');
  });

  it('hear nothing of its runs', async () => {
    const browser = await world.signedIn('listener', 'reader', 'hip-fracture-detection');
    const reader = (await browser.get('/events')).body?.pipeThrough(new TextDecoderStream()).getReader();
    await reader?.read();
    await world.run({ segmentation: {} });
    const { id } = await world.run();
    expect((await reader?.read())?.value, 'the first that is heard').toContain(`data: ${id}`);
    await reader?.cancel();
  });

  it('get nothing of the whole site by a role for one evaluation', async () => {
    for (const route of ['GET /accounts', 'GET /quarantine', 'GET /api/v1/quarantine']) {
      const rule = ROUTE_RULES[route] ?? { right: 'view' };
      expect((await ask(route, rule, 'administrator-elsewhere')).status, route).toBe(403);
    }
  });
});
