import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOME } from '../lib/platform/configuration.ts';
import { makeCertificate } from '../tests/peers/certificate.ts';
import { describeWith } from '../tests/peers/skip.ts';
import { freePort } from '../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'overread-https-'));
const certificate = await makeCertificate(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWith('the web by HTTPS', certificate, 'openssl', (files) => {
  let postgres: TestPostgres;
  let child: ChildProcess | undefined;
  let port: number;
  let inside: string;
  const ca = readFileSync(files.certificate);

  beforeAll(async () => {
    postgres = await startTestPostgres();
    port = await freePort();
    const started = await start({ certificateFile: files.certificate, keyFile: files.key });
    if (started.inside === undefined) throw new Error(started.output());
    inside = started.inside;
  });
  afterAll(async () => {
    const ended = child === undefined ? undefined : once(child, 'exit');
    child?.kill('SIGTERM');
    await ended;
    await postgres.stop();
  });

  /** Starts the service with this in the site's file; answers where it says that it answers this machine, or how it ended. */
  async function start(tls: Record<string, string>) {
    const site = path.join(folder, 'overread.yaml');
    writeFileSync(site, JSON.stringify({ web: { tls } }));
    const started = fork(path.join(HOME, 'web/main.ts'), {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env.PATH,
        OVERREAD_DATA: path.join(folder, 'data'),
        OVERREAD_WEB_PORT: String(port),
        OVERREAD_CONFIG: site,
        OVERREAD_ADMIN_PASSWORD: 'a password for tests',
        DATABASE_URL: postgres.url,
      },
    });
    let output = '';
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const ended = once(started, 'exit').then(([status]) => ({ status: Number(status), inside: undefined }));
    const ready = once(started, 'message').then(([told]) => ({ status: undefined, inside: String(told.address) }));
    const first = await Promise.race([ready, ended]);
    if (first.inside !== undefined) child = started;
    return { ...first, output: () => output };
  }

  interface Answer {
    readonly status: number;
    readonly headers: Record<string, string | string[] | undefined>;
  }

  function ask(options: https.RequestOptions, body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = https.request({ host: '127.0.0.1', port, ca, ...options }, (answer) => {
        answer.resume().once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
      });
      request.once('error', reject).end(body);
    });
  }

  it('signs in over the network, with a cookie that never goes in the clear, and tells browsers to stay', async () => {
    const headers = { host: 'overread.hospital.test', origin: 'https://overread.hospital.test' };
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ name: 'admin', password: 'a password for tests' }).toString();
    const answer = await ask({ method: 'POST', path: '/sign-in', headers: form }, body);
    expect([answer.status, answer.headers.location]).toEqual([303, '/']);
    const [cookie = ''] = [answer.headers['set-cookie'] ?? ''].flat();
    expect(cookie).toMatch(/^__Host-overread-\d+=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect((await ask({ path: '/', headers: { ...headers, cookie: cookie.split(';')[0] } })).status).toBe(200);
  });

  it('speaks no old TLS, and no plain HTTP at its port', async () => {
    await expect(ask({ path: '/healthz', maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  it('answers the machine it runs on at an address of its own, which the supervisor is told', async () => {
    expect(new URL(inside).hostname).toBe('127.0.0.1');
    expect((await fetch(`${inside}/readyz`)).status).toBe(200);
  });

  it('takes a renewed certificate without being started again, and keeps the one before while the new one is half there', async () => {
    const other = await makeCertificate(folder, 'renewed');
    if (other === undefined) throw new Error('openssl was there before.');
    copyFileSync(other.certificate, files.certificate);
    expect((await ask({ path: '/healthz' })).status, 'with the old one, while the key is still the old one').toBe(200);
    copyFileSync(other.key, files.key);
    const renewed = readFileSync(other.certificate);
    const answers = () => ask({ path: '/healthz', ca: renewed, agent: false }).then(({ status }) => status, String);
    await expect.poll(answers, { timeout: 20_000, interval: 200 }).toBe(200);
  });

  it('does not start with a key that is another’s, or a file that is not there: one line says which', async () => {
    const other = await makeCertificate(folder, 'another');
    const wrong = await start({ certificateFile: files.certificate, keyFile: other?.key ?? '' });
    expect([wrong.status, wrong.output()]).toEqual([2, expect.stringContaining('PEM files that belong together')]);
    const missing = await start({ certificateFile: '/nowhere.pem', keyFile: files.key });
    expect(missing.status).toBe(2);
    expect(missing.output()).toBe('web.tls.certificateFile: /nowhere.pem cannot be read (ENOENT).\n');
  });
});
