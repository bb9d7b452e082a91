import { randomUUID } from 'node:crypto';
import { asc } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { reindexArchive } from '../../lib/archive/reindex.ts';
import { audit } from '../../schemas/database/web.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { exportOutbox } from '../feedback/export.ts';
import { holdExam, readArchive } from '../testing/exams.ts';
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
  const post = (given: unknown) =>
    world.api('/api/v1/patients/statements', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(given),
    });
  expect((await post(body)).status).toBe(409);
  expect(await idOf('1.2.1')).toBe('A');
  const { preview: _, ...sure } = body;
  expect([(await post(sure)).status, (await post(sure)).status, (await post({ ...sure, reason: 'x' })).status]).toEqual(
    [201, 200, 409],
  );
  expect(await idOf('1.2.1')).toBeNull();
  expect(await (await pacs.get('/studies/1.2.1')).text()).not.toContain('Doe');
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
