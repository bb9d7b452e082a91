import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deriveUid } from '../lib/dicom/uid.ts';
import { HOME } from '../lib/platform/configuration.ts';
import { freePort } from '../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { radiograph, written } from './images.fixture.ts';
import { Testbed, until } from './world.fixture.ts';

const INSTANCES = 200;

let server: TestPostgres;
let gateway: Testbed;

beforeAll(async () => {
  server = await startTestPostgres();
});
afterEach(() => gateway.destroy());
afterAll(() => server.stop());

describe('a gateway that is killed while it receives', () => {
  // After the first image, in the middle, and near the end.
  it.each([1, 101, 187])(
    'loses none of %i answered instances, and has none twice',
    async (killAt) => {
      gateway = new Testbed({ databaseUrl: await server.fresh(), port: await freePort(), quietSeconds: 600 });
      await gateway.start();
      const files = written(
        path.join(gateway.folder, 'images'),
        Object.fromEntries(
          Array.from({ length: INSTANCES }, (_, index) => [`${1000 + index}.dcm`, radiograph('killed', index)]),
        ),
      );
      const answered = await sendUntilKilled(files, killAt);
      expect(answered).toBeGreaterThanOrEqual(killAt);

      await gateway.start();
      await gateway.ingested();
      const rows = await gateway.sql`select sop_instance_uid as uid, object_key as key from archive.instance`;
      const held = new Set(rows.map(({ uid }) => uid));
      for (let index = 0; index < answered; index++) {
        expect(held.has(deriveUid('test', 'killed', String(index))), `answered instance ${index}`).toBe(true);
      }
      expect(held.size).toBe(rows.length);
      expect(await gateway.keys('dicom')).toEqual(rows.map(({ key }) => key).sort());
      const [study] = await gateway.sql`select duplicates from archive.study`;
      expect(study?.duplicates).toBe(0);
      expect(await gateway.sql`select 1 from archive.quarantine`).toEqual([]);
    },
    240_000,
  );

  /** Sends one file after the other, kills the gateway after `killAt` answers, and says how many were answered. */
  async function sendUntilKilled(files: readonly string[], killAt: number): Promise<number> {
    const script = `
      import { sendFiles } from ${JSON.stringify(path.join(HOME, 'lib/dicom/send.ts'))};
      const [port, ...files] = process.argv.slice(1);
      const target = { host: '127.0.0.1', port: Number(port), calledAETitle: 'OVERREAD', callingAETitle: 'SENDER' };
      await sendFiles(target, files, { onProgress: ({ sent }) => console.log(sent) });`;
    const sender = spawn(
      process.execPath,
      ['--input-type=module-typescript', '-e', script, String(gateway.port), ...files],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let answered = 0;
    let killed: Promise<void> | undefined;
    createInterface({ input: sender.stdout }).on('line', (line) => {
      answered = Math.max(answered, Number(line));
      if (answered >= killAt) killed ??= gateway.kill();
    });
    await once(sender, 'close');
    await killed;
    return answered;
  }
});

describe('a gateway without its database', () => {
  it('goes on answering, and ingests when the database is back', async () => {
    const databaseUrl = await server.fresh();
    const missing = new URL(databaseUrl);
    missing.pathname = '/nowhere';
    gateway = new Testbed({ databaseUrl, port: await freePort(), quietSeconds: 600 });
    await gateway.start({ DATABASE_URL: missing.href });
    const [file = ''] = written(path.join(gateway.folder, 'images'), { 'a.dcm': radiograph('waiting', 1) });
    await gateway.storescu([file]);
    expect(await gateway.metric('overread_gateway_spool_entries')).toBe(1);
    expect((await fetch(`${gateway.address}/readyz`)).status).toBe(503);
    await gateway.stop();
    await gateway.start();
    await gateway.ingested();
    expect(await gateway.sql`select 1 from archive.instance`).toHaveLength(1);
    await until('readiness', async () => (await fetch(`${gateway.address}/readyz`)).status === 200);
  });
});

describe('a gateway that was killed while it sent to a receiver', () => {
  it('keeps no copy of what it was sending', async () => {
    gateway = new Testbed({ databaseUrl: await server.fresh(), port: await freePort() });
    const [left = ''] = written(path.join(gateway.folder, 'data/outgoing/sending-1'), {
      '0.dcm': radiograph('left', 1),
    });
    await gateway.start();
    expect(existsSync(left)).toBe(false);
  });
});

describe('a gateway that is down when a quiet period ends', () => {
  it('makes the run when it is back', async () => {
    gateway = new Testbed({ databaseUrl: await server.fresh(), port: await freePort(), quietSeconds: 2 });
    await gateway.start();
    const [file = ''] = written(path.join(gateway.folder, 'images'), { 'a.dcm': radiograph('quiet', 1) });
    await gateway.storescu([file]);
    await gateway.ingested();
    await gateway.kill();
    expect(await gateway.keys('runs')).toEqual([]);
    const [way] = await gateway.sql`select due_at from archive.dispatch`;
    await until('the quiet period to end', async () => way?.due_at < new Date());
    await gateway.start();
    await until('the run', async () => (await gateway.keys('runs')).length === 2);
  });
});
