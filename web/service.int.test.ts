import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../lib/platform/configuration.ts';
import { freePort } from '../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';

let postgres: TestPostgres;
let data: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  data = mkdtempSync(path.join(tmpdir(), 'overread-web-service-'));
});
afterAll(async () => {
  await postgres.stop();
  rmSync(data, { recursive: true, force: true });
});

/** Starts the service as its supervisor does; resolves when it says that it is ready. */
async function start(environment: Record<string, string> = {}) {
  const port = await freePort();
  const child = fork(path.join(HOME, 'web/main.ts'), {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      OVERREAD_DATA: data,
      OVERREAD_WEB_PORT: String(port),
      DATABASE_URL: postgres.url,
      OVERREAD_API_TOKEN: 'token',
      ...environment,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'exit');
  await Promise.race([once(child, 'message'), ended.then(() => Promise.reject(new Error(output)))]);
  return { child, ended, url: `http://127.0.0.1:${port}`, output: () => output };
}

async function stop({ child, ended }: { child: ChildProcess; ended: Promise<unknown[]> }): Promise<unknown> {
  child.kill('SIGTERM');
  const [status] = await ended;
  return status;
}

describe('the web service', () => {
  it('prints a first password once, which signs in, and answers as ready', async () => {
    const first = await start();
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    const password = /^First sign-in: admin \/ (\S+)$/m.exec(first.output())?.[1] ?? '';
    const file = path.join(data, 'secrets/admin-password');
    expect(readFileSync(file, 'utf8').trim()).toBe(password);
    expect(statSync(file).mode & 0o777, 'only its owner may read it').toBe(0o600);
    const answer = await fetch(`${first.url}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ name: 'admin', password }),
      redirect: 'manual',
    });
    expect(answer.status).toBe(303);
    expect(await stop(first)).toBe(0);

    const second = await start();
    expect(second.output()).not.toContain('First sign-in');
    expect(await stop(second)).toBe(0);
  });

  it('stops at once though a page waits for changes', async () => {
    const running = await start();
    const answer = await fetch(`${running.url}/events`, { headers: { authorization: 'Bearer token' } });
    const reader = answer.body?.getReader();
    await reader?.read();
    const begin = performance.now();
    expect(await stop(running)).toBe(0);
    expect(performance.now() - begin, 'ms; at 10,000 it would be killed').toBeLessThan(5_000);
  });

  it('ends when its supervisor is gone', async () => {
    const running = await start();
    running.child.disconnect();
    expect((await running.ended)[0]).toBe(0);
  });

  it('writes no query of an address into its log', async () => {
    const running = await start({ OVERREAD_LOG_LEVEL: 'debug' });
    await fetch(`${running.url}/launch?accession=SECRET-7`, { redirect: 'manual' });
    await fetch(`${running.url}/api/v1/studies/1.2.3?patient=SECRET-7`, { headers: { authorization: 'Bearer token' } });
    await stop(running);
    expect(running.output()).not.toContain('SECRET-7');
    expect(existsSync(path.join(data, 'secrets/launch-key'))).toBe(true);
  });
});
