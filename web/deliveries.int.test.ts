import { afterAll, beforeAll, expect, it } from 'vitest';
import { dueDeliveries, queueDeliveries, recordDeliveries } from '../lib/archive/deliveries.ts';
import { DeliveryList } from '../schemas/api.ts';
import type { DeliveryRequest } from '../schemas/delivery.ts';
import { Receiver } from '../schemas/site.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { freshUid } from './testing/results.ts';
import { makeWorld, type World } from './testing/world.ts';

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

it('says on the page and in the API what was sent where, what waits, and what was refused and why', async () => {
  const { id, result } = await world.run({ segmentation: {} });
  const reader = await world.signedIn('reader');
  expect(await (await reader.get(`/runs/${id}`)).text()).not.toContain('Delivery to receivers');
  const object = {
    bucket: 'results' as const,
    key: 'x',
    sha256: 'a'.repeat(64),
    size: 1,
    contentType: 'application/dicom',
  };
  const instances = [freshUid(), freshUid()].map((SOPInstanceUID) => ({
    SOPInstanceUID,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
    SeriesInstanceUID: freshUid(),
    object,
  }));
  const request: DeliveryRequest = {
    run: id,
    pipeline: 'liver-transplant-segmentation',
    studyInstanceUid: result?.studyInstanceUid ?? '',
    requestedAt: world.parts.now().toISOString(),
    receivers: ['archive', 'lab', 'pacs'],
    objects: instances,
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
