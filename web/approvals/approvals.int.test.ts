import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isApproved } from '../../lib/archive/approvals.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { exportOutbox } from '../feedback/export.ts';
import { makeWorld, type World } from '../testing/world.ts';

const HIPS = { pipeline: 'hip-fracture-detection', pipelineVersion: '1.0.0' };
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

const post = (body: unknown) =>
  world.api('/api/v1/approvals', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('approvals', () => {
  it('are given and withdrawn on the page, with who, when and why, and written to the store', async () => {
    const lead = await world.signedIn('lea', 'evaluation-lead');
    const sent = async (decision: string, reason: string) => {
      const fields = {
        ...HIPS,
        decision,
        reason,
        id: randomUUID(),
        'form-token': await lead.field('/approvals', 'form-token'),
      };
      return lead.post('/approvals', fields);
    };
    expect((await sent('approved', '')).status, 'a reason is needed').toBe(422);
    expect(await isApproved(world.database, HIPS)).toBe(false);
    expect((await sent('approved', 'Board of 3 March')).status).toBe(303);
    expect(await isApproved(world.database, HIPS)).toBe(true);
    expect(await isApproved(world.database, { ...HIPS, pipelineVersion: '1.0.1' }), 'of this version only').toBe(false);
    expect(await (await lead.get('/approvals')).text()).toContain('Board of 3 March');
    expect((await sent('withdrawn', 'Missed three fractures')).status).toBe(303);
    expect(await isApproved(world.database, HIPS)).toBe(false);
    await exportOutbox(world.store, world.database);
    const { approvals } = await (await world.api('/api/v1/approvals')).json();
    expect(approvals).toMatchObject([{ decision: 'withdrawn' }, { decision: 'approved', author: 'lea' }]);
    const stored = await world.store.get('feedback', `approvals/${approvals[0].id}.json`);
    expect(JSON.parse(stored.toString())).toEqual(approvals[0]);
    const page = await (await lead.get('/approvals')).text();
    expect(page).toContain('Missed three fractures');
    expect(page).toContain('Board of 3 March');
    await expect(world.database.sql`update archive.approval set decision = 'approved'`).rejects.toThrow(
      'never changed',
    );
  });

  it('is one decision when sent twice, and none under another’s id', async () => {
    const body = { id: randomUUID(), ...HIPS, decision: 'approved', reason: 'Board of 4 March' };
    expect([(await post(body)).status, (await post(body)).status]).toEqual([201, 200]);
    expect((await post({ ...body, decision: 'withdrawn' })).status).toBe(409);
    expect(await isApproved(world.database, HIPS)).toBe(true);
  });
});
