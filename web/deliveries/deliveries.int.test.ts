import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideApproval } from '../../lib/archive/approvals.ts';
import { dueDeliveries, queueDeliveries, recordDeliveries } from '../../lib/archive/deliveries.ts';
import { DeliveryList } from '../../schemas/api.ts';
import { audit } from '../../schemas/database/web.ts';
import type { DeliveryRequest } from '../../schemas/delivery.ts';
import { Receiver } from '../../schemas/site.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { freshUid } from '../testing/results.ts';
import { makeWorld, type World } from '../testing/world.ts';

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

const receiver = (name: string, kind: 'research' | 'clinical') =>
  Receiver.parse({ name, kind, protocol: 'c-store', host: '127.0.0.1', port: 104, aeTitle: 'TEST' });

const instance = (): DeliveryRequest['objects'][number] => ({
  SOPInstanceUID: freshUid(),
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
  SeriesInstanceUID: freshUid(),
  object: { bucket: 'results', key: 'x', sha256: 'a'.repeat(64), size: 1, contentType: 'application/dicom' },
});

it('says on the page and in the API what was sent where, what waits, and what was refused and why', async () => {
  const { id, result } = await world.run({ segmentation: {} });
  const reader = await world.signedIn('reader');
  expect(await (await reader.get(`/runs/${id}`)).text()).not.toContain('Delivery to receivers');
  const request: DeliveryRequest = {
    run: id,
    pipeline: 'liver-transplant-segmentation',
    studyInstanceUid: result?.studyInstanceUid ?? '',
    requestedAt: world.parts.now().toISOString(),
    receivers: ['archive', 'lab', 'pacs'],
    objects: [instance(), instance()],
  };
  const receivers = [receiver('archive', 'research'), receiver('lab', 'research'), receiver('pacs', 'clinical')];
  const now = world.parts.now();
  await queueDeliveries(world.database, request, { receivers, pipelineVersion: '1.0.0', now });
  const first = await dueDeliveries(world.database, now);
  const arrived = first.map((delivery) => ({ delivery, problem: null }));
  await recordDeliveries(world.database, arrived, now);
  const [next] = await dueDeliveries(world.database, now);
  if (next === undefined) throw new Error('Nothing is due.');
  await recordDeliveries(world.database, [{ delivery: next, problem: 'It does not answer.' }], now);

  const { deliveries } = DeliveryList.parse(await (await world.api(`/api/v1/runs/${id}/deliveries`)).json());
  expect(deliveries.map(({ receiver: name, state, objects, reason }) => [name, state, objects, reason])).toEqual([
    ['archive', 'sent', 2, null],
    ['lab', 'waiting', 2, 'It does not answer.'],
    ['pacs', 'refused', 2, expect.stringMatching(/clinical/)],
  ]);
  const page = (await (await reader.get(`/runs/${id}`)).text()).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
  expect(page).toMatch(
    /Delivery to receivers .* archive 2 Sent .* lab 2 Waiting, tried once It does not answer\. pacs 2 Refused/,
  );
  expect((await world.api(`/api/v1/runs/${'0'.repeat(64)}/deliveries`)).status).toBe(404);
});

it('lets who may try runs again ask again for what was refused, with the audit', async () => {
  const { id, result } = await world.run({ segmentation: {} });
  const engineer = await world.signedIn('engineer', 'ai-engineer');
  const reader = await world.signedIn('rae');
  const ask = (browser: typeof engineer, token: string) =>
    browser.post(`/runs/${id}/deliveries/again`, { 'form-token': token });
  const onPage = async (browser: typeof engineer) => (await browser.get(`/runs/${id}`)).text();
  expect((await world.api(`/api/v1/runs/${id}/deliveries/again`, { method: 'POST' })).status, 'nothing yet').toBe(409);

  const pacs = receiver('pacs', 'clinical');
  const now = world.parts.now();
  const [pipeline, pipelineVersion] = ['liver-transplant-segmentation', '1.0.0'];
  const request: DeliveryRequest = {
    ...{ run: id, pipeline, studyInstanceUid: result?.studyInstanceUid ?? '', requestedAt: now.toISOString() },
    ...{ receivers: null, objects: [instance()] },
  };
  await queueDeliveries(world.database, request, {
    receivers: [{ ...pacs, pipelines: [pipeline] }],
    pipelineVersion,
    now,
  });
  expect(await onPage(reader)).not.toContain('deliveries/again');
  const token = await engineer.field(`/runs/${id}`, 'form-token');
  expect((await ask(reader, await reader.field(`/runs/${id}`, 'form-token'))).status).toBe(403);

  expect((await ask(engineer, token)).status).toBe(303);
  expect(await onPage(engineer), 'the site names no such receiver').toContain('names no receiver pacs any more');
  world.receivers.push(pacs);
  expect((await ask(engineer, token)).status).toBe(303);
  expect(await onPage(engineer), 'still not approved').toContain('nobody has approved this version');
  const approval = { id: randomUUID(), pipeline, pipelineVersion, decision: 'approved' as const, reason: 'Committee.' };
  await world.database.db.transaction((transaction) =>
    decideApproval(transaction, { ...approval, author: 'ada', decidedAt: now.toISOString() }, ['pacs']),
  );
  expect((await ask(engineer, token)).status).toBe(303);
  expect(await onPage(engineer)).toContain('Waiting for its turn');
  const rows = await world.database.db.select().from(audit).where(eq(audit.action, 'delivery-asked-again'));
  expect(rows.map(({ actor, subject, detail }) => [actor, subject, detail])).toEqual([
    ['engineer', id, 'refused again'],
    ['engineer', id, 'refused again'],
    ['engineer', id, 'to pacs'],
  ]);
});
