import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Configuration } from '../lib/platform/configuration.ts';

/** Basic auth of an OpenFaaS gateway. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const EMBEDDED_USER = 'admin';

/**
 * Credentials of the OpenFaaS in use: of the one elsewhere, if the configuration names one, else of the embedded
 * provider; its password is made by whoever asks first and kept in the data folder, as are the files that faas-cli
 * users know from OpenFaaS (`basic-auth-user`, `basic-auth-password`).
 */
export function openFaasCredentials({ faas, secrets }: Pick<Configuration, 'faas' | 'secrets'>): Credentials {
  if (faas.url !== undefined) return { user: faas.user, password: faas.password ?? '' };
  if (faas.embeddedPassword !== undefined) return { user: EMBEDDED_USER, password: faas.embeddedPassword };
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  keepFirst(path.join(secrets, 'basic-auth-user'), EMBEDDED_USER);
  const password = keepFirst(path.join(secrets, 'basic-auth-password'), randomBytes(24).toString('hex'));
  return { user: EMBEDDED_USER, password };
}

/** The file's content; `value` becomes it if there is none, also when several processes ask at once. */
function keepFirst(file: string, value: string): string {
  const mine = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(mine, value, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(mine, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(mine);
  }
  return readFileSync(file, 'utf8').trim();
}
