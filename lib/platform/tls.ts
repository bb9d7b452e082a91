import { unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { CertificateFiles } from '../../schemas/certificate.ts';
import type { ReceiverTls } from '../../schemas/site.ts';
import { ConfigurationError } from './configuration.ts';
import { readConfigured } from './configured.ts';
import { errorCode } from './error-code.ts';
import type { Logger } from './log.ts';

/** The oldest protocol that is spoken. */
export const MINIMUM_TLS = { minVersion: 'TLSv1.2' } as const;

/** How often certificate and key are looked at, ms. */
const LOOK_EVERY_MS = 2000;

/** Certificate and key, as PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads certificate and key.
 *
 * @param setting where the site's file names them, for the message: `web.tls`
 * @throws {ConfigurationError} a file cannot be read, or they do not fit together
 */
export function readTls({ certificateFile, keyFile }: CertificateFiles, setting: string): Tls {
  const cert = readConfigured(certificateFile, `${setting}.certificateFile`);
  const key = readConfigured(keyFile, `${setting}.keyFile`);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const rule = `${setting}: certificate and key are PEM files that belong together`;
    throw new ConfigurationError(`${rule} (${errorCode(error)}).`, { cause: error });
  }
  return { cert, key };
}

/** What is believed of a receiver, and what is shown to it. As PEM. */
export interface ReceiverAccess extends Partial<Tls> {
  readonly ca?: string;
  readonly servername?: string;
}

/**
 * Reads what a connection to a receiver needs.
 *
 * @throws {ConfigurationError} a file cannot be read, or certificate and key do not fit together
 */
export function readReceiverTls(receiver: string, tls: ReceiverTls): ReceiverAccess {
  const setting = `receivers: ${receiver}: tls`;
  const { caFile, serverName, certificateFile, keyFile } = tls;
  const own =
    certificateFile === undefined || keyFile === undefined ? {} : readTls({ certificateFile, keyFile }, setting);
  return {
    ...own,
    ...(caFile === undefined ? {} : { ca: readConfigured(caFile, `${setting}.caFile`) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

/**
 * Hands over certificate and key whenever they were renewed, and fit together: between two files that are written one after the
 * other they do not. Ends with the returned function.
 */
export function watchTls(
  files: CertificateFiles,
  setting: string,
  log: Pick<Logger, 'info' | 'warn'>,
  onRenewed: (tls: Tls) => void,
): () => void {
  const look = () => {
    try {
      onRenewed(readTls(files, setting));
      log.info({ setting }, 'the certificate was renewed');
    } catch (error) {
      log.warn({ err: error, setting }, 'the certificate was changed and cannot be used: the one before stays');
    }
  };
  const watched = [files.certificateFile, files.keyFile];
  for (const file of watched) watchFile(file, { interval: LOOK_EVERY_MS }, look);
  return () => {
    for (const file of watched) unwatchFile(file, look);
  };
}
