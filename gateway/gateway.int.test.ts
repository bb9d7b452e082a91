import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../lib/platform/configuration.ts';
import { readRun } from '../lib/runs/state.ts';
import { freePort, startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { Testbed, type TestbedOptions, until } from './testbed.ts';

const DATA = path.join(HOME, '../shared/data');
const HIP = 'CI2_CD_HIP_FRAC';

let server: TestPostgres;
let testbed: Testbed | undefined;

beforeAll(async () => {
  server = await startTestPostgres();
});
afterEach(async () => {
  await testbed?.destroy();
  testbed = undefined;
});
afterAll(() => server.stop());

async function running(options: Partial<TestbedOptions> = {}): Promise<Testbed> {
  testbed = new Testbed({ databaseUrl: await server.fresh(), port: await freePort(), ...options });
  await testbed.start();
  return testbed;
}

describe.skipIf(!existsSync(DATA))('the gateway, with real images', () => {
  const hips = existsSync(DATA) ? globSync(path.join(DATA, '08-hip-xray/ddh/**/*.dcm')).sort() : [];

  it('brings a study from C-STORE to a run', async () => {
    const gateway = await running({ quietSeconds: 0.3 });
    await gateway.storescu(hips.slice(0, 1), ['-xw', '-v'], HIP);
    await until('a run', async () => (await gateway.keys('runs')).some((key) => key.endsWith('/run.json')));
    const [key = ''] = await gateway.keys('runs');
    const run = await readRun(gateway.store, key.slice(0, 64));
    expect(run.instances.map(({ object }) => object.key)).toEqual(await gateway.keys('dicom', 'studies/'));
  });
});
