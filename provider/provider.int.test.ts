import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../lib/platform/configuration.ts';
import { freePort } from '../tests/ports.ts';
import type { FaasClient } from './client.ts';
import { call, ECHO, type Echo, isGone, Provider, ready, until } from './provider.fixture.ts';

describe('the provider', () => {
  let provider: Provider;
  let client: FaasClient;

  beforeAll(async () => {
    provider = new Provider(await freePort());
    client = provider.client;
    await provider.start();
  });
  afterEach(async () => {
    for (const { name } of await client.list()) await client.remove(name);
  });
  afterAll(() => provider.dispose());

  it('runs a function with its environment, its secrets and the way to the store', async () => {
    await client.setSecret('own', 'for echo');
    await client.setSecret('other', 'not for echo');
    await client.deploy({ ...ECHO, secrets: ['own'], envVars: { GREETING: 'hello', PATH: '', exec_timeout: '5s' } });
    const { environment, secrets, url, body } = await call(client, 'echo', 'payload');
    expect({ url, body }).toEqual({ url: '/', body: 'payload' });
    expect(secrets).toEqual({ own: 'for echo' });
    expect(environment).toMatchObject({ GREETING: 'hello', OVERREAD_DATA: provider.data });
    expect(environment.PATH, 'an empty setting hides nothing').toContain(path.dirname(process.execPath));
    expect(environment).not.toHaveProperty('OVERREAD_FAAS_PORT');
    expect((await client.describe('echo'))?.invocationCount).toBeGreaterThan(0);
  });

  it('starts a killed function again, and calls never hang meanwhile', async () => {
    await client.deploy(ECHO);
    const { pid } = await call(client, 'echo');
    process.kill(pid, 'SIGKILL');
    const statuses = new Set<number>();
    const next = await until(async () => {
      const answer = await client.invoke('echo', '', { signal: AbortSignal.timeout(2_000) });
      statuses.add(answer.status);
      return answer.status === 200 && (JSON.parse(String(answer.body)) as Echo).pid !== pid;
    });
    expect(next).toBe(true);
    expect(statuses, 'not yet, while there is no replica').toContain(503);
    // A call that the dying process had taken is broken off.
    expect([200, 500, 503]).toEqual(expect.arrayContaining([...statuses]));
  });

  it('answers 500 to the call in which a function dies, at once', async () => {
    await client.deploy(ECHO);
    await ready(client, 'echo');
    const { status, fromGateway } = await client.invoke('echo', '', { path: '/crash' });
    expect({ status, fromGateway }).toEqual({ status: 500, fromGateway: true });
    const lines: string[] = [];
    for await (const { text } of client.logs('echo', { follow: true })) if (lines.push(text) === 3) break;
    expect(lines).toEqual(['listening', 'about to crash', 'ended with status 3, and is started again in 0.2 s']);
  });

  it('shows why a function does not start, and waits longer before each new try', async () => {
    await client.deploy({ ...ECHO, service: 'broken', envProcess: 'node nosuch.ts' });
    const waits: string[] = [];
    for await (const { text } of client.logs('broken', { follow: true })) {
      if (text.includes('started again in')) waits.push(text);
      if (waits.length === 3) break;
    }
    expect(waits).toEqual([
      'ended with status 1, and is started again in 0.2 s',
      'ended with status 1, and is started again in 0.4 s',
      'ended with status 1, and is started again in 0.8 s',
    ]);
    const { status, body } = await client.invoke('broken', '');
    expect([status, String(body)]).toEqual([503, expect.stringMatching(/^broken (ended with status 1|is starting)/)]);
  });

  it('says that a program does not exist', async () => {
    await client.deploy({ ...ECHO, service: 'absent', envProcess: 'no-such-program --x' });
    const { text } = await until(async () => {
      for await (const line of client.logs('absent')) return line;
      return undefined;
    });
    expect(text).toMatch(/^cannot be started \(spawn no-such-program ENOENT\), and is started again/);
  });

  it('scales up, spreads calls, and down to nothing', async () => {
    await client.deploy(ECHO);
    await client.scale('echo', 3);
    await ready(client, 'echo', 3);
    const held = Array.from({ length: 3 }, () => client.invoke('echo', '', { path: '/slow?ms=300' }));
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
    await client.scale('echo', 0);
    await ready(client, 'echo', 0);
    const { status, body } = await client.invoke('echo', '');
    expect([status, String(body)]).toEqual([503, 'echo is scaled to 0 replicas.\n']);
  });

  it('lets calls in hand end when a function is replaced or removed', async () => {
    await client.deploy(ECHO);
    const { pid } = await call(client, 'echo');
    const inHand = client.invoke('echo', '', { path: '/slow?ms=700' });
    for await (const { text } of client.logs('echo', { follow: true })) if (text === 'sleeps') break;
    await client.deploy({ ...ECHO, envVars: { VERSION: '2' } });
    const after = await call(client, 'echo');
    expect(after.pid).not.toBe(pid);
    expect(after.environment.VERSION).toBe('2');
    const { status, body } = await inHand;
    expect([status, String(body)]).toEqual([200, 'slept']);
    await isGone(pid);
  });

  it('kills a function that does not end in its time', async () => {
    await client.deploy({ ...ECHO, envVars: { exec_timeout: '1s' } });
    const { pid } = await call(client, 'echo');
    const hanging = client.invoke('echo', '', { path: '/hang' });
    await client.remove('echo');
    await isGone(pid);
    expect([500, 504]).toContain((await hanging).status);
  });

  it('starts a function anew that hangs', async () => {
    await client.deploy({ ...ECHO, envVars: { exec_timeout: '500ms' } });
    const { pid } = await call(client, 'echo');
    process.kill(pid, 'SIGSTOP');
    expect((await client.invoke('echo', '')).status).toBe(504);
    for await (const { text } of client.logs('echo', { follow: true })) {
      if (text === 'has not answered /_/health for 10 s and is killed') break;
    }
    expect((await call(client, 'echo')).pid).not.toBe(pid);
  });

  it('runs on after a deployment that no process can be made of', async () => {
    await client.deploy({ ...ECHO, envVars: { BAD: 'a\0b' } });
    for await (const { text } of client.logs('echo', { follow: true })) {
      expect(text).toMatch(/^cannot be started \(.*null bytes/);
      break;
    }
    await client.deploy(ECHO);
    await call(client, 'echo');
  });

  it('keeps to exec_timeout and max_inflight', async () => {
    await client.deploy({ ...ECHO, envVars: { exec_timeout: '3s', max_inflight: '1' } });
    await ready(client, 'echo');
    const begun = Date.now();
    const first = client.invoke('echo', '', { path: '/hang' });
    const second = await until(async () => {
      const answer = await client.invoke('echo', '');
      return answer.status === 429 && answer;
    });
    expect(String(second.body)).toMatch(/^echo has as many calls in hand as it takes/);
    const { status, body } = await first;
    expect([status, String(body)]).toEqual([504, 'echo took longer than 3000 ms.\n']);
    expect(Date.now() - begun).toBeLessThan(15_000);
  });

  it('follows logs while they are written', async () => {
    await client.deploy(ECHO);
    const leaving = new AbortController();
    const seen: string[] = [];
    for await (const { text, instance } of client.logs('echo', { follow: true, signal: leaving.signal })) {
      seen.push(text);
      if (text === 'listening') await call(client, 'echo');
      if (text.startsWith('POST')) {
        expect(instance).toMatch(/^echo-0-[0-9a-f]{6}$/);
        leaving.abort();
      }
    }
    expect(seen).toEqual(['listening', 'POST /']);
  });

  it('starts a function anew when a secret that it uses changes', async () => {
    await client.setSecret('key', 'old');
    await client.deploy({ ...ECHO, secrets: ['key'] });
    const before = await call(client, 'echo');
    await client.setSecret('key', 'old');
    expect((await call(client, 'echo')).pid, 'the same value changes nothing').toBe(before.pid);
    await client.setSecret('key', 'new');
    const after = await until(async () => {
      const echo = await call(client, 'echo');
      return echo.pid !== before.pid && echo;
    });
    expect(after.secrets).toEqual({ key: 'new' });
  });

  it('calls later what is asked for under /async-function, and tells the answer', async () => {
    await client.deploy({ ...ECHO, service: 'receiver' });
    await client.deploy(ECHO);
    await ready(client, 'receiver');
    await ready(client, 'echo');
    const base = `http://127.0.0.1:${provider.environment.OVERREAD_FAAS_PORT}`;
    const accepted = await fetch(`${base}/async-function/echo/path`, {
      method: 'POST',
      body: 'later',
      headers: { 'X-Callback-Url': `${base}/function/receiver`, 'X-Call-Id': 'call-7' },
    });
    expect([accepted.status, accepted.headers.get('X-Call-Id')]).toEqual([202, 'call-7']);
    for await (const { text } of client.logs('receiver', { follow: true })) if (text === 'POST /') break;
    expect((await client.describe('echo'))?.invocationCount).toBe(1);
  });

  it('ends what a function has started with it', async () => {
    const script = `node provider/fixture/function.ts & echo grandchild $! >&2; wait`;
    await client.deploy({ ...ECHO, envProcess: `bash -c '${script}'` });
    const { pid } = await call(client, 'echo');
    await client.remove('echo');
    await isGone(pid);
  });

  it('leaves a stack that is deployed twice as it runs', async () => {
    const environment = { PATH: process.env.PATH };
    await client.setSecret('s3-access-key', 'unused');
    await client.setSecret('s3-secret-key', 'unused');
    const names = await client.deployStack(path.join(HOME, 'stack.yml'), environment);
    expect(names).toEqual(expect.arrayContaining(['dicom-parser', 'infer-detection', 'infer-segmentation']));
    await ready(client, 'dicom-parser');
    const before = provider.groups();
    await client.deployStack(path.join(HOME, 'stack.yml'), environment);
    await ready(client, 'dicom-parser');
    expect(provider.groups()).toEqual(expect.arrayContaining(before));
    expect((await client.describe('infer-detection'))?.annotations?.['overread.io/placement']).toMatch(
      /^Runs on the CPU/,
    );
  });
});
