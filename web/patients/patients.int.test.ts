import { randomUUID } from 'node:crypto';
import { asc } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reindexArchive } from '../../lib/archive/reindex.ts';
import { connect } from '../../lib/database/connection.ts';
import { ADVISORY_LOCK } from '../../lib/database/locks.ts';
import { audit } from '../../schemas/database/web.ts';
import { TrendState } from '../../schemas/trend.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { archiveReader } from '../archive.ts';
import { exportOutbox } from '../feedback/export.ts';
import { holdExam, readArchive } from '../testing/exams.ts';
import { hold, whenWaiting } from '../testing/locks.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';

let server: TestPostgres;
let world: World;
let pacs: Browser;
beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  world = await makeWorld(await server.fresh());
  readArchive(world);
  pacs = await world.signedIn('pacs', 'pacs-administrator');
});
afterEach(() => world.close());
afterAll(() => server.stop());

const held = (study: string, PatientID: string) =>
  holdExam(world, study, { PatientID, PatientName: `Doe^${PatientID}` });

const MERGE = { kind: 'merge', 'merged-number': 'SECRET-A', 'into-number': 'SECRET-B' };
const field = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';

async function look(fields: Record<string, string>) {
  const answer = await pacs.post('/patients/preview', {
    'form-token': await pacs.field('/patients', 'form-token'),
    ...fields,
  });
  const text = await answer.text();
  return { status: answer.status, text, id: field(text, 'id'), preview: field(text, 'preview') };
}

async function say(fields: Record<string, string>) {
  const { id, preview } = await look(fields);
  return pacs.post('/patients', {
    'form-token': await pacs.field('/patients', 'form-token'),
    ...{ id, preview, reason: 'The ward has called.' },
    ...fields,
  });
}

function state(given: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return world.api('/api/v1/patients/statements', { method: 'POST', headers, body: JSON.stringify(given) });
}

const idOf = async (study: string) => (await world.parts.archive.findExams([study])).get(study)?.patientId;

it('shows what a merge changes, does it with a reason, says so everywhere and takes it back', async () => {
  await held('1.2.1', 'SECRET-A');
  await held('1.2.2', 'SECRET-B');
  const { id: run } = await world.run({ study: '1.2.2', segmentation: {} });
  const reader = await world.signedIn('reader');
  const baseline = { kind: 'baseline', study: '1.2.2', id: randomUUID(), reason: 'first after the operation' };
  const token = await reader.field(`/runs/${run}/trend`, 'form-token');
  expect((await reader.post(`/runs/${run}/trend`, { 'form-token': token, ...baseline })).status).toBe(303);
  world.later(60_000);

  const { text } = await look(MERGE);
  for (const words of ['Make these one patient?', 'SECRET-A', 'A confirmed baseline has', 'confirmed by reader']) {
    expect(text).toContain(words);
  }
  expect(await idOf('1.2.1'), 'looking changes nothing').toBe('SECRET-A');
  expect((await say({ ...MERGE, reason: ' ' })).status, 'a reason is needed').toBe(422);
  expect((await say(MERGE)).headers.get('location')).toBe('/patients?said=merge');
  expect(await idOf('1.2.1')).toBe('SECRET-B');
  expect(await (await pacs.get('/studies/1.2.1')).text()).toContain('Its images state another patient');

  await exportOutbox(world.store, world.database);
  const { statements } = await (await world.api('/api/v1/patients/statements')).json();
  const stored = (await world.store.get('feedback', `patients/${statements[0].id}.json`)).toString();
  const rows = await world.database.db.select().from(audit).orderBy(asc(audit.id));
  expect(rows.filter(({ action }) => action === 'patients-merged').map(({ subject }) => subject)).toEqual([
    '1.2.1',
    '1.2.2',
  ]);
  expect(`${stored}${JSON.stringify(rows)}`, 'no number is written down').not.toContain('SECRET');
  await reindexArchive(world.store, world.database);
  expect(await idOf('1.2.1')).toBe('SECRET-B');

  expect((await say({ kind: 'undo', undoes: statements[0].id })).status).toBe(303);
  expect(await idOf('1.2.1')).toBe('SECRET-A');
  expect(await (await pacs.get('/patients')).text()).toContain('undone');
});

it('moves an exam to somebody new, and refuses what was changed in between', async () => {
  await held('1.2.1', 'A');
  await held('1.2.2', 'A');
  const move = { kind: 'move', exam: '1.2.1', to: 'new' };
  const { id, preview } = await look(move);
  await held('1.2.3', 'A');
  const body = { id, preview, reason: 'wrong patient chosen', change: { kind: 'move', exam: '1.2.1', to: 'new' } };
  expect((await state(body)).status).toBe(409);
  expect(await idOf('1.2.1')).toBe('A');
  const { preview: _, ...sure } = body;
  const again = [await state(sure), await state(sure), await state({ ...sure, reason: 'x' })];
  expect(again.map(({ status }) => status)).toEqual([201, 200, 409]);
  expect(await idOf('1.2.1')).toBeNull();
  expect(await (await pacs.get('/studies/1.2.1')).text()).not.toContain('Doe');
});

it('keeps nobody waiting while an index is made anew: who asks is told to come back', async () => {
  await held('1.2.1', 'A');
  const release = await hold(world.database, `select pg_advisory_xact_lock(${ADVISORY_LOCK.archive})`);
  // As many as there are connections.
  const asked = [1, 2, 3, 4].map(() => look({ kind: 'move', exam: '1.2.1', to: 'new' }));
  expect((await pacs.get('/')).status).toBe(200);
  for (const { status, text } of await Promise.all(asked)) {
    expect([status, text]).toEqual([503, expect.stringContaining('The index of the archive is being made anew')]);
  }
  const sure = { id: randomUUID(), reason: 'wrong patient', change: { kind: 'move', exam: '1.2.1', to: 'new' } };
  expect((await state(sure)).status).toBe(503);
  await release();
  expect((await state(sure)).status).toBe(201);
});

it('says what is wrong without the number, and is for those who may', async () => {
  await held('1.2.1', 'A');
  const unknown = await look({ ...MERGE, 'into-number': 'A' });
  expect([unknown.status, unknown.text]).toEqual([422, expect.stringContaining('No exam here states')]);
  const entered = (html: string, name: string) =>
    new RegExp(`name="${name}"[^>]*value="([^"]*)"|name="${name}" value="([^"]*)"`).exec(html)?.slice(1).join('');
  expect(['merged-number', 'into-number'].map((name) => entered(unknown.text, name))).toEqual(['SECRET-A', 'A']);
  const typed = await look({ kind: 'move', exam: '1.2.1 ', to: 'number', 'to-number': 'B', 'to-issuer': 'Ward' });
  expect(
    ['exam', 'to-number', 'to-issuer'].map((name) => entered(typed.text, name)),
    'to be corrected',
  ).toEqual([...['1.2.1', 'B', 'Ward']]);
  const noUid = await look({ kind: 'move', exam: 'PH0001', to: 'new' });
  expect([noUid.status, noUid.text]).toEqual([422, expect.stringContaining('A StudyInstanceUID has digits and dots')]);
  expect(noUid.text).toMatch(/name="to" value="new" checked/);
  expect((await look({ kind: 'merge', 'merged-number': '', 'into-number': 'A' })).status).toBe(422);
  expect((await look({ kind: 'move', exam: '9.9', to: 'new' })).status).toBe(422);
  const lead = await world.signedIn('lead', 'evaluation-lead');
  expect((await lead.get('/patients')).status).toBe(403);
});

describe('a baseline that somebody confirms while patients are merged', () => {
  const merge = () => {
    const change = { kind: 'merge', merged: { patientId: 'A' }, into: { patientId: 'B' } };
    return state({ id: randomUUID(), reason: 'The ward has called.', change });
  };
  const baselineOf = async (run: string) =>
    TrendState.parse(await (await world.api(`/api/v1/runs/${run}/trend`)).json()).trend.baseline;
  let run: string;
  let confirm: () => Promise<Response>;
  beforeEach(async () => {
    await held('1.2.1', 'A');
    await held('1.2.2', 'B');
    run = (await world.run({ study: '1.2.2', segmentation: {} })).id;
    const reader = await world.signedIn('reader');
    const page = await (await reader.get(`/runs/${run}/trend`)).text();
    const form = page.slice(page.indexOf(`action="/runs/${run}/trend"`));
    const hidden = ['form-token', 'id', 'patient-changed-at'].map((name) => [name, field(form, name)]);
    const chosen = { kind: 'baseline', study: '1.2.2', reason: 'first after the operation' };
    confirm = () => reader.post(`/runs/${run}/trend`, { ...Object.fromEntries(hidden), ...chosen });
  });

  it('is none where the merge waited for its turn', async () => {
    const release = await hold(world.database, `select pg_advisory_xact_lock(${ADVISORY_LOCK.archive})`);
    const merging = merge();
    await whenWaiting(world.database, 1);
    world.later(1000);
    expect((await confirm()).status).toBe(303);
    world.later(1000);
    await release();
    expect((await merging).status).toBe(201);
    expect(await baselineOf(run)).toMatchObject({ confirmed: null });
  });

  it('is refused where the merge is being written, or is done since the page was opened', async () => {
    const release = await hold(world.database, 'lock table web.audit in share mode');
    const merging = merge();
    await whenWaiting(world.database, 1);
    world.later(1000);
    const confirming = confirm();
    await whenWaiting(world.database, 2);
    await release();
    expect((await merging).status).toBe(201);
    world.later(1000);
    for (const answer of [await confirming, await confirm()]) {
      expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining('have changed since')]);
    }
    expect(await baselineOf(run)).toMatchObject({ confirmed: null });
  });
});

it('keeps the order of what was said where the clock was set back, also when the index is made anew', async () => {
  await held('1.2.1', 'SECRET-A');
  await held('1.2.2', 'SECRET-B');
  await say(MERGE);
  world.later(-60_000);
  await say({ kind: 'merge', 'merged-number': 'SECRET-B', 'into-number': 'SECRET-A' });
  expect(await idOf('1.2.2')).toBe('SECRET-A');
  await exportOutbox(world.store, world.database);
  const anew = connect(await server.fresh());
  await reindexArchive(world.store, anew);
  expect((await archiveReader(anew).findExams(['1.2.2'])).get('1.2.2')?.patientId).toBe('SECRET-A');
  await anew.close();
});
