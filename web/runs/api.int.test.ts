import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('GET /api/v1/runs', () => {
  it('should be 401 problem+json with a way out if nobody is signed in', async () => {
    const answer = await world.app.request('/api/v1/runs');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.json()).toMatchObject({ title: 'Not signed in', detail: expect.stringMatching(/Bearer/) });
  });

  it('should be 401 for a wrong token', async () => {
    const answer = await world.app.request('/api/v1/runs', { headers: { authorization: 'Bearer guess' } });
    expect(answer.status).toBe(401);
  });

  it('lists a study’s runs newest first, with steps, models and result as the contract has them', async () => {
    const study = freshUid();
    const first = await world.run({ study });
    const second = await world.run({ study, status: 'failed', reason: 'The file is cut off.', amends: first.id });
    const answer = await world.api(`/api/v1/runs?studyInstanceUid=${study}&pipeline=hip-fracture-detection`);
    const { runs } = await answer.json();
    expect(runs.map((run: { id: string }) => run.id)).toEqual([second.id, first.id]);
    expect(runs[0]).toMatchObject({ status: 'failed', reason: 'The file is cut off.', amends: first.id, result: null });
    expect(runs[1]).toMatchObject({
      pipeline: 'hip-fracture-detection',
      pipelineVersion: '1.0.0',
      studyInstanceUid: study,
      status: 'succeeded',
      models: [{ name: 'hip-fracture', version: '1.0.0' }],
      triggers: [{ kind: 'called-ae-title', by: 'CI2_CD_HIP_FRAC' }],
    });
    expect(runs[1].steps[1]).toMatchObject({
      name: 'infer',
      operator: 'infer-detection',
      status: 'succeeded',
      attempts: 1,
    });
    expect(runs[1].result.images[0].hips[0]).toMatchObject({
      side: 'right',
      class: 'fracture',
      box: [300, 900, 800, 1400],
    });
  });
});
