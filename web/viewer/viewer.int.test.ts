import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeViewedExam, takeIn } from '../../tests/viewed-exam.ts';
import { createApp } from '../app.ts';
import { archiveReader } from '../archive.ts';
import { STORE_LIMIT } from '../dicomweb/store.ts';
import { serveWorld } from '../testing/serve.ts';
import { API_TOKEN, makeWorld, type World } from '../testing/world.ts';
import { installViewer, ViewerInstallError } from './install.ts';
import { Viewing } from './viewing.ts';

let postgres: TestPostgres;
let world: World;
let folder: string;
let site: Awaited<ReturnType<typeof serveWorld>>;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  folder = mkdtempSync(path.join(tmpdir(), 'overread-viewer-'));
  const { store, database, parts } = world;
  const viewing = new Viewing({
    store,
    database,
    log: parts.log,
    folder: path.join(folder, 'program'),
    pipelines: new Map(),
  });
  const app = createApp({ ...parts, archive: archiveReader(database), viewing });
  site = await serveWorld({ ...world, app }, await freePort());
});
afterAll(async () => {
  await site.close();
  await world.close();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const get = (at: string, headers: Record<string, string> = {}) =>
  fetch(`${site.url}${at}`, { headers: { authorization: `Bearer ${API_TOKEN}`, ...headers }, redirect: 'manual' });

describe('a viewer that is installed while the web runs', () => {
  it('is linked from the page of a run whose exam is held, from then on', async () => {
    const exam = makeViewedExam('viewer program');
    await takeIn(world, exam.images.slice(0, 2));
    const { id } = await world.run({ study: exam.StudyInstanceUID, segmentation: {} });
    const { id: notHeld } = await world.run();
    expect(await (await get(`/runs/${id}`)).text()).not.toContain('Open in viewer');

    const program = path.join(folder, 'program');
    mkdirSync(program);
    writeFileSync(path.join(folder, 'secret.js'), 'secret');
    writeFileSync(path.join(program, 'index.html'), 'the page');
    writeFileSync(path.join(program, 'app.bundle.0123456789abcdef.js'), 'the program');
    writeFileSync(path.join(program, 'app.bundle.0123456789abcdef.js.gz'), gzipSync('the program'));
    expect(await (await get(`/runs/${id}`)).text()).toContain(`href="/runs/${id}/viewer"`);
    expect(await (await get(`/runs/${notHeld}`)).text()).not.toContain('Open in viewer');
  });

  it('shows its page under its modes for reading and for changing segmentations, with a policy of its own', async () => {
    const page = await get('/viewer/viewer?StudyInstanceUIDs=1.2.3');
    expect(await page.text()).toBe('the page');
    expect(await (await get('/viewer/segmentation?StudyInstanceUIDs=1.2.3')).text()).toBe('the page');
    expect(page.headers.get('cache-control')).toBe('private, no-cache');
    expect(page.headers.get('content-security-policy')).toContain("connect-src 'self' blob: data:");
    for (const mode of ['basic', 'tmtv', 'microscopy', 'local']) {
      expect((await get(`/viewer/${mode}`)).status, mode).toBe(404);
    }
    expect((await get('/viewer/')).headers.get('location')).toBe('/');
  });

  it('has a configuration without types, which names this host alone', async () => {
    const text = await (await get('/viewer/app-config.js')).text();
    expect(() => new Function(text)).not.toThrow();
    expect(text).not.toMatch(/https?:/);
  });

  it('sends files compressed, and again only where they have changed', async () => {
    const at = '/viewer/app.bundle.0123456789abcdef.js';
    const plain = await world.app.request(at);
    expect(plain.status, 'not to somebody who is not signed in').toBe(303);
    const answer = await get(at, { 'accept-encoding': 'gzip' });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('cache-control')).toBe('private, max-age=86400');
    expect(await answer.text()).toBe('the program');
    expect(await (await get(at, { 'accept-encoding': 'identity' })).text()).toBe('the program');
    const again = await get(at, { 'if-none-match': answer.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
  });

  it.each(['..%2fsecret.js', '%2e%2e/secret.js', '..%5csecret.js', 'app.bundle.0123456789abcdef.js.gz', '%00'])(
    'gives nothing for /viewer/%s',
    async (name) => {
      expect((await get(`/viewer/${name}`)).status).toBe(404);
    },
  );
});

describe('storing by DICOMweb', () => {
  const type = 'multipart/related; type="application/dicom"; boundary=x';
  const authorization = `Bearer ${API_TOKEN}`;

  it('reads more than a form may hold', async () => {
    const part = Buffer.from('--x\r\nContent-Type: application/dicom\r\n\r\n');
    const body = Buffer.concat([part, Buffer.alloc(20 << 20), Buffer.from('\r\n--x--\r\n')]);
    const headers = { authorization, 'content-type': type };
    const answer = await fetch(`${site.url}/dicomweb/studies`, { method: 'POST', headers, body });
    expect(answer.status, 'it is no DICOM').toBe(409);
    expect(answer.headers.get('warning')).toMatch(/^299 overread/);
  });

  it('refuses what is larger than anything a reader draws, unread', async () => {
    const headers = { authorization, 'content-type': type, 'content-length': String(STORE_LIMIT + 1) };
    const asked = request(`${site.url}/dicomweb/studies`, { method: 'POST', headers });
    const status = await new Promise((resolve, reject) => {
      asked.on('response', (answer) => resolve(answer.statusCode)).on('error', reject);
      asked.flushHeaders();
    });
    asked.destroy();
    expect(status).toBe(413);
  });
});

describe('installViewer', () => {
  /** Runs with an `npm` that does this. */
  async function withNpm(script: string, work: () => Promise<unknown>): Promise<void> {
    const bin = mkdtempSync(path.join(folder, 'bin-'));
    writeFileSync(path.join(bin, 'npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const before = process.env.PATH;
    process.env.PATH = `${bin}:${before}`;
    try {
      await work();
    } finally {
      process.env.PATH = before;
    }
  }

  it.each([
    ['npm cannot get it', 'exit 1', /registry reachable/],
    ['other bytes come', 'echo other > other.tgz', /not the package that was tested/],
  ])('leaves nothing behind where %s', async (_, script, message) => {
    const place = mkdtempSync(path.join(folder, 'cache-'));
    await withNpm(script, async () => {
      const installed = installViewer(path.join(place, 'viewer'));
      await expect(installed).rejects.toThrow(ViewerInstallError);
      await expect(installed).rejects.toThrow(message);
    });
    expect(readdirSync(place)).toEqual([]);
  });

  it('asks nobody where it is there already', async () => {
    await withNpm('exit 1', async () => {
      expect(await installViewer(path.join(folder, 'program'))).toBe('there already');
    });
  });
});
