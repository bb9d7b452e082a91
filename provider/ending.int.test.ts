import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../tests/ports.ts';
import type { FaasClient } from './client.ts';
import { processIdentity } from './process/identity.ts';
import { call, ECHO, isGone, Provider } from './provider.fixture.ts';

describe('a provider that ends', () => {
  let provider: Provider;
  let client: FaasClient;
  let pids: number[];

  /** Every process of both functions: what they say of themselves, and what leads their groups. */
  const running = async () => [
    (await call(client, 'echo')).pid,
    (await call(client, 'stubborn')).pid,
    ...provider.groups(),
  ];

  beforeAll(async () => {
    provider = new Provider(await freePort());
    client = provider.client;
    await provider.start();
    await client.setSecret('key', 'kept');
    await client.deploy({ ...ECHO, secrets: ['key'] });
    // Knows nothing of Node's channel, and ignores SIGTERM.
    const stubborn = `trap "" TERM; node provider/fixture/function.ts & while :; do wait; done`;
    await client.deploy({ ...ECHO, service: 'stubborn', envProcess: `bash -c '${stubborn}'` });
    pids = await running();
  });
  afterAll(() => provider.dispose());

  it('killed, takes its functions with it, whatever they are', async () => {
    await provider.end('SIGKILL');
    await Promise.all(pids.map(isGone));
  });

  it('started again, runs within seconds what was deployed', async () => {
    const begun = Date.now();
    await provider.start();
    const echo = await call(client, 'echo');
    expect(echo.secrets).toEqual({ key: 'kept' });
    expect(Date.now() - begun).toBeLessThan(15_000);
    pids = await running();
  });

  it('killed together with what watches over it, leaves nothing once it is started again', async () => {
    process.kill(processWithArgument(provider.ledger()), 'SIGKILL');
    await provider.end('SIGKILL');
    await provider.start();
    await Promise.all(pids.map(isGone));
    pids = await running();
  });

  it('refuses to run beside another on the same data', async () => {
    const second = new Provider(await freePort());
    const environment = { ...second.environment, OVERREAD_DATA: provider.data };
    Object.assign(second.environment, environment);
    await expect(second.start()).rejects.toThrow('The provider ended with status 1.');
    expect((await call(client, 'echo')).pid).toBe(pids[0]);
    await second.dispose();
  });

  it('stopped, ends its functions before itself', async () => {
    await provider.end('SIGTERM');
    expect(pids.map(processIdentity)).toEqual(pids.map(() => undefined));
    expect(() => provider.ledger()).toThrow('undefined');
  });
});

/** The process that was started with `argument` as its last. */
function processWithArgument(argument: string): number {
  const found = readdirSync('/proc').find((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
    } catch {
      return false;
    }
  });
  return Number(found);
}
