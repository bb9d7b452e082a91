import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate for this machine and for `overread.hospital.test`, signed by itself, and its key: PEM files. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes one with openssl in a folder. @returns undefined where there is no openssl: skip, and say so */
export async function makeCertificate(folder: string, name = 'server'): Promise<Certificate | undefined> {
  const made = { certificate: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
  const words = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2'];
  const names = [
    '-subj',
    `/CN=${name}`,
    '-addext',
    'subjectAltName=DNS:localhost,DNS:overread.hospital.test,IP:127.0.0.1',
  ];
  try {
    await run('openssl', [...words, ...names, '-keyout', made.key, '-out', made.certificate]);
    return made;
  } catch {
    return undefined;
  }
}
