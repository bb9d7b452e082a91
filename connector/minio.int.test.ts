import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { endKey } from '../lib/runs/keys.ts';
import { openStore } from '../lib/store/open.ts';
import { startMinio } from '../tests/peers/minio.ts';
import { describeWith } from '../tests/peers/skip.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { connectorWorld, type World } from './world.fixture.ts';

const FAN = [
  { name: 'parse' },
  { name: 'left', needs: ['parse'] },
  { name: 'right', needs: ['parse'] },
  { name: 'publish', needs: ['left', 'right'] },
];

const minio = await startMinio();
afterAll(() => minio?.stop());

describeWith('the connector on MinIO', minio, 'MinIO cannot be built here (needs Go)', (server) => {
  let postgres: TestPostgres;
  let world: World;
  let sites = 0;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  beforeEach(async () => {
    const { endpoint, accessKey, secretKey } = server;
    const store = openStore({ driver: 's3', endpoint, accessKey, secretKey, bucketPrefix: `site-${++sites}-` });
    world = await connectorWorld({ databaseUrl: await postgres.fresh(), store });
    await world.newConnector().start();
  });
  afterEach(() => world.close());
  afterAll(() => postgres.stop());

  it('brings a run to its end, each step called once', async () => {
    const run = await world.submit(FAN);
    expect((await world.ended(run)).end?.status).toBe('succeeded');
    expect(world.functions.callsOf(run)).toHaveLength(4);
  });

  it('goes on by itself when MinIO was killed and started again in the middle of a run', async () => {
    let finish = () => {};
    world.functions.script('left', async (_, number) => {
      if (number === 1) {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      return number === 1 ? { status: 500, detail: 'The store is gone.' } : undefined;
    });
    const run = await world.submit(FAN);
    await world.functions.untilCalled((calls) => calls.some(({ step }) => step === 'left'));
    await server.kill();
    finish();
    await server.restart();
    const state = await world.ended(run);
    expect(state.end?.status).toBe('succeeded');
    expect(world.heard.events.filter(({ key }) => key === endKey(run))).toHaveLength(1);
  });

  it('finds what was stored while its ear was closed', async () => {
    await server.kill();
    await server.restart();
    const run = await world.submit([{ name: 'parse' }]);
    expect((await world.ended(run)).end?.status).toBe('succeeded');
  });
});
