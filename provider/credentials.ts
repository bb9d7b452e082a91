import { randomBytes } from 'node:crypto';
import type { Configuration } from '../lib/platform/configuration.ts';
import { keepSecret } from '../lib/platform/secrets.ts';

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
  if (faas.url !== undefined) return { user: faas.user, password: faas.password };
  if (faas.embeddedPassword !== undefined) return { user: EMBEDDED_USER, password: faas.embeddedPassword };
  keepSecret(secrets, 'basic-auth-user', EMBEDDED_USER);
  const password = keepSecret(secrets, 'basic-auth-password', randomBytes(24).toString('hex'));
  return { user: EMBEDDED_USER, password };
}
