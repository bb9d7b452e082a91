import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideApproval } from '../../lib/archive/approvals.ts';
import { dueDeliveries } from '../../lib/archive/deliveries.ts';
import { DeliveryList } from '../../schemas/api.ts';
import { audit } from '../../schemas/database/web.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeViewedExam } from '../../tests/viewed-exam.ts';
import { LIVER_PIPELINE } from '../testing/pipelines.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { addTrendEntry } from '../trend/entries.ts';

let postgres: TestPostgres;
let world: World;
beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  world.receivers.push({ name: 'lab', kind: 'research' }, { name: 'pacs', kind: 'clinical' });
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const { name: pipeline, version: pipelineVersion } = LIVER_PIPELINE;

/** A result, and a reader's edit of an edit of it. @returns the runs of the result and of the last edit */
async function edited(study: string): Promise<[string, string]> {
  const seg = makeViewedExam('edit').seg;
  const runs: string[] = [];
  for (const author of [null, 'rea', 'rea']) {
    const { id, result } = await world.run({ study, segmentation: { notes: [`${runs.length}`] } });
    await world.store.put('results', result?.objects.seg ?? '', seg, 'application/dicom');
    const imported = author === null ? null : { pipeline, source: 'edited', author, edits: runs.at(-1) ?? null };
    const said = JSON.stringify(imported);
    await world.database
      .sql`update web.run set view = jsonb_set(view, '{imported}', ${said}::text::jsonb) where id = ${id}`;
    runs.push(id);
  }
  return [runs[0] ?? '', runs[2] ?? ''];
}

const post = (run: string, receivers: readonly string[]) =>
  world.api(`/api/v1/runs/${run}/deliveries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ receivers }),
  });

it('goes to a research receiver when its reader sends it, and once', async () => {
  const [result, edit] = await edited('1.2.3.1');
  const reader = await world.signedIn('rea');
  const page = await (await reader.get(`/runs/${edit}`)).text();
  expect(page).toContain('Send the edited segmentation');
  expect(page).toContain('pacs is a clinical receiver, and nobody has approved');
  expect(await (await reader.get(`/runs/${result}`)).text(), 'the model’s own goes by itself').not.toContain(
    'Send the edited',
  );
  const fields = { 'form-token': await reader.field(`/runs/${edit}`, 'form-token'), receivers: 'lab' };
  expect((await reader.post(`/runs/${edit}/deliveries`, fields)).status).toBe(303);
  expect((await reader.post(`/runs/${edit}/deliveries`, fields)).status).toBe(303);
  const [due, ...others] = await dueDeliveries(world.database, world.parts.now());
  expect([due?.run, due?.receiver, due?.pipelineVersion, others]).toEqual([edit, 'lab', pipelineVersion, []]);
  expect(await (await reader.get(`/runs/${edit}`)).text()).toContain('Waiting for its turn');
  const rows = await world.database.db.select().from(audit).where(eq(audit.action, 'edit-sent'));
  expect(rows.map(({ actor, subject, detail }) => [actor, subject, detail])).toEqual([['rea', edit, 'to lab']]);
  expect((await post(result, ['lab'])).status, 'no edit').toBe(409);
  expect((await post(edit, ['nowhere'])).status).toBe(422);
});

it('goes to a clinical one once the version that was edited is approved, and nowhere when the exam is withdrawn', async () => {
  const [, edit] = await edited('1.2.3.2');
  const refused = await post(edit, ['lab', 'pacs']);
  expect([refused.status, (await refused.json()).detail]).toEqual([
    422,
    expect.stringContaining('nobody has approved'),
  ]);
  const of = { pipeline, pipelineVersion, author: 'lea', reason: 'board', decidedAt: world.parts.now().toISOString() };
  await decideApproval(world.database.db, { ...of, id: randomUUID(), decision: 'approved' }, ['pacs']);
  const answer = await post(edit, ['pacs']);
  expect(answer.status).toBe(202);
  expect(DeliveryList.parse(await answer.json()).deliveries).toMatchObject([{ receiver: 'pacs', state: 'waiting' }]);
  await addTrendEntry(world.database, 'liver', {
    ...{ id: randomUUID(), pipeline, studyInstanceUid: '1.2.3.2', kind: 'withdrawn', author: 'rea', reason: 'moved' },
    createdAt: world.parts.now().toISOString(),
  });
  expect((await post(edit, ['lab'])).status).toBe(409);
  const reader = await world.signedIn('rea-of-withdrawn');
  const page = await (await reader.get(`/runs/${edit}`)).text();
  expect(page, 'what waited').toContain('<strong class="is-warning">Refused</strong>');
  expect(page).toContain('An exam whose result it shows was withdrawn: moved');
  expect(page).not.toContain(`action="/runs/${edit}/deliveries"`);
  const { deliveries } = DeliveryList.parse(await (await world.api(`/api/v1/runs/${edit}/deliveries`)).json());
  expect(deliveries).toMatchObject([{ state: 'refused', reason: expect.stringContaining('withdrawn: moved') }]);
  const [row] = await world.database.db.select().from(audit).where(eq(audit.action, 'trend-withdrawn'));
  expect(row?.detail).toBe('1 on the way to receivers stopped');
});
