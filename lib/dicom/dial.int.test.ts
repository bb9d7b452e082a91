import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as knock } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { makeCertificate } from '../../tests/peers/certificate.ts';
import { DCMTK_ENVIRONMENT, debianPackages } from '../../tests/peers/debian.ts';
import { describeWith } from '../../tests/peers/skip.ts';
import { freePort } from '../../tests/ports.ts';
import type { ClientTls } from './dial.ts';
import { echo } from './send.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'overread-dial-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [pacs, gateway, stranger] = [
  await makeCertificate(folder, 'pacs'),
  await makeCertificate(folder, 'gateway'),
  await makeCertificate(folder, 'stranger'),
];
const hasDcmtk = (await debianPackages()).has('dcmtk');
const files = hasDcmtk && pacs && gateway && stranger ? { pacs, gateway, stranger } : undefined;

describeWith(
  'a receiver that speaks TLS',
  files,
  'openssl and dcmtk',
  ({ pacs: theirs, gateway: ours, stranger: other }) => {
    const pem = (file: string) => readFileSync(file, 'utf8');
    const known: ClientTls = { ca: pem(theirs.certificate), cert: pem(ours.certificate), key: pem(ours.key) };
    const target = (port: number, tls: ClientTls | undefined) => ({
      ...{ host: '127.0.0.1', port, tls },
      ...{ calledAETitle: 'PACS', callingAETitle: 'OVERREAD' },
    });

    /** Starts one, that asks for a certificate, or that speaks in the clear. @returns its port */
    async function receiver(...secured: string[]): Promise<number> {
      const port = await freePort();
      const child = spawn('storescp', [...secured, '-aet', 'PACS', String(port)], {
        ...{ stdio: 'ignore', env: DCMTK_ENVIRONMENT, cwd: folder },
      });
      receivers.push(child);
      while (!(await listens(port))) expect(child.exitCode).toBeNull();
      return port;
    }
    const secure = () => receiver('+tls', theirs.key, theirs.certificate, '+cf', ours.certificate);
    const receivers: ChildProcess[] = [];
    afterEach(() => {
      for (const child of receivers.splice(0)) child.kill();
    });

    it('is spoken to where each knows the other', async () => {
      await expect(echo(target(await secure(), known))).resolves.toBeUndefined();
    });

    it('is spoken to by the name that is in its certificate', async () => {
      const port = await secure();
      const named = { ...known, servername: 'overread.hospital.test' };
      await expect(echo(target(port, named))).resolves.toBeUndefined();
      await expect(echo(target(port, { ...known, servername: 'pacs.hospital.test' }))).rejects.toThrow(
        `127.0.0.1:${port} shows a certificate that is not believed (ERR_TLS_CERT_ALTNAME_INVALID).`,
      );
    });

    it('is told nothing where its certificate is not known', async () => {
      const port = await secure();
      await expect(echo(target(port, { ...known, ca: pem(other.certificate) }))).rejects.toThrow(
        /shows a certificate that is not believed \(DEPTH_ZERO_SELF_SIGNED_CERT\)\.$/,
      );
      await expect(echo(target(port, {}))).rejects.toThrow('is not believed');
    });

    it('may refuse ours', async () => {
      const port = await secure();
      const { ca } = known;
      for (const tls of [{ ca }, { ca, cert: pem(other.certificate), key: pem(other.key) }]) {
        await expect(echo(target(port, tls))).rejects.toThrow('The receiver does not accept our certificate');
      }
    });

    it('is told apart from one that does not, and from nobody', async () => {
      const plain = await receiver();
      await expect(echo(target(plain, known))).rejects.toThrow(`127.0.0.1:${plain} answers, but not in TLS.`);
      const nobody = await freePort();
      await expect(echo(target(nobody, known))).rejects.toThrow(`Nobody answers at 127.0.0.1:${nobody}.`);
      await expect(echo({ ...target(nobody, known), host: 'pacs.invalid' })).rejects.toThrow(
        'No machine is known here by the name pacs.invalid.',
      );
    });
  },
);

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = knock({ host: '127.0.0.1', port }, () => socket.end(() => resolve(true)));
    socket.on('error', () => resolve(false));
  });
