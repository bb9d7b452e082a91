import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { connectorWorld } from './world.fixture.ts';

const FAN = [
  { name: 'parse' },
  { name: 'left', needs: ['parse'] },
  { name: 'right', needs: ['parse'] },
  { name: 'publish', needs: ['left', 'right'] },
];

describe('the connector', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startTestPostgres();
  });
  afterAll(() => server.stop());

  it('brings a pipeline that fans out and in to its end, each step called once', async () => {
    const world = await connectorWorld({ databaseUrl: await server.fresh() });
    await world.newConnector().start();
    const run = await world.submit(FAN);
    const state = await world.ended(run);
    expect(state.end).toMatchObject({ status: 'succeeded', reason: null, step: null });
    expect(
      world.functions
        .callsOf(run)
        .map(({ step }) => step)
        .sort(),
    ).toEqual(['left', 'parse', 'publish', 'right']);
    await world.close();
  });
});
