import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCertificate } from '../tests/peers/certificate.ts';
import { debianPackages } from '../tests/peers/debian.ts';
import { describeWith } from '../tests/peers/skip.ts';
import { freePort } from '../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { radiograph, written } from './images.fixture.ts';
import { run, Testbed, until } from './world.fixture.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'overread-dicom-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [server, sender, stranger] = [
  await makeCertificate(folder, 'server'),
  await makeCertificate(folder, 'sender'),
  await makeCertificate(folder, 'stranger'),
];
const hasDcmtk = (await debianPackages()).has('dcmtk');
const files = hasDcmtk && server && sender && stranger ? { server, sender, stranger } : undefined;

describeWith('DICOM over TLS', files, 'openssl and dcmtk', ({ server: ours, sender: known, stranger: unknown }) => {
  let postgres: TestPostgres;
  let gateway: Testbed;
  let port: number;
  let number = 0;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    port = await freePort();
    const access = { certificateFile: ours.certificate, keyFile: ours.key, sendersFile: known.certificate };
    gateway = new Testbed({
      databaseUrl: postgres.url,
      port: await freePort(),
      siteYaml: JSON.stringify({ dicom: { tls: access } }),
    });
    await gateway.start({ OVERREAD_DICOM_TLS_PORT: String(port) });
  });
  afterAll(async () => {
    await gateway.destroy();
    await postgres.stop();
  });

  /** The file of a new image. */
  function image(): string {
    number += 1;
    const [file = ''] = written(path.join(folder, 'images'), { [`${number}.dcm`]: radiograph('over-tls', number) });
    return file;
  }

  /** Sends a new image by dcmtk's storescu over TLS, with the certificate of this sender. */
  function send(own: { readonly key: string; readonly certificate: string }) {
    const secured = ['+tls', own.key, own.certificate, '+cf', ours.certificate];
    return run('storescu', [...secured, '-aec', 'OVERREAD', '127.0.0.1', String(port), image()]);
  }

  it('takes an image of a sender whose certificate is known', async () => {
    const { status, output } = await send(known);
    expect({ status, output }).toMatchObject({ status: 0 });
    await gateway.ingested();
    expect(await gateway.keys('dicom', 'studies/')).toHaveLength(1);
  });

  it('gives no association to a stranger, to nobody, and to who speaks without TLS', async () => {
    const before = await gateway.metric('overread_gateway_associations_total');
    expect((await send(unknown)).status).not.toBe(0);
    const to = ['127.0.0.1', String(port), image()];
    expect((await run('storescu', ['+tla', '+cf', ours.certificate, ...to])).status).not.toBe(0);
    expect((await run('storescu', ['-to', '5', ...to])).status).not.toBe(0);
    expect(await gateway.metric('overread_gateway_associations_total')).toBe(before);
    expect((await send(known)).status, 'and the next one passes').toBe(0);
  });

  it('goes on taking images without TLS on the other port', async () => {
    await gateway.storescu([image()]);
  });

  it('speaks no old TLS', async () => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      rejectUnauthorized: false,
    });
    await expect(
      new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)),
    ).rejects.toThrow();
  });

  it('takes a renewed certificate without being started again', async () => {
    const renewed = await makeCertificate(folder, 'renewed');
    if (renewed === undefined) throw new Error('openssl is gone.');
    copyFileSync(renewed.certificate, ours.certificate);
    copyFileSync(renewed.key, ours.key);
    await until('the renewed certificate', async () => (await send(known)).status === 0);
  });
});
