import { unwatchFile, watchFile } from 'node:fs';
import { createServer, Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { serve } from '@hono/node-server';
import { ConfigurationError } from '../lib/platform/configuration.ts';
import { errorCode } from '../lib/platform/error-code.ts';
import type { Logger } from '../lib/platform/log.ts';
import type { WebAccess } from '../schemas/people.ts';
import { readConfigured } from './configured.ts';

/** How often certificate and key are looked at, ms. */
const LOOK_EVERY_MS = 2000;

/** Certificate and key, as PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** Reads what HTTPS is served with; undefined: plain HTTP. @throws {ConfigurationError} a file cannot be read, or they do not fit together */
export function tlsOf({ tls }: WebAccess): Tls | undefined {
  if (tls === undefined) return undefined;
  const cert = readConfigured(tls.certificateFile, 'web.tls.certificateFile');
  const key = readConfigured(tls.keyFile, 'web.tls.keyFile');
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const rule = 'web.tls: certificate and key are PEM files that belong together';
    throw new ConfigurationError(`${rule} (${errorCode(error)}).`, { cause: error });
  }
  return { cert, key };
}

/**
 * Hands over certificate and key whenever they were renewed, and fit together: between two files that are written one after the
 * other they do not. Ends with the returned function.
 */
export function watchTls(access: WebAccess, log: Logger, onRenewed: (tls: Tls) => void): () => void {
  const files = access.tls === undefined ? [] : [access.tls.certificateFile, access.tls.keyFile];
  const look = () => {
    try {
      const tls = tlsOf(access);
      if (tls === undefined) return;
      onRenewed(tls);
      log.info('the certificate was renewed');
    } catch (error) {
      log.warn({ err: error }, 'the certificate was changed and cannot be used: the one before stays');
    }
  };
  for (const file of files) watchFile(file, { interval: LOOK_EVERY_MS }, look);
  return () => {
    for (const file of files) unwatchFile(file, look);
  };
}

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Gives new connections another certificate. */
  renew(tls: Tls): void;
  /** Stops to accept; resolves when what is in hand is answered. */
  close(): Promise<void>;
}

/** Serves an app, by HTTPS where there is a certificate. @param port 0: any that is free */
export async function listen(
  fetch: Parameters<typeof serve>[0]['fetch'],
  { host, port, tls }: { readonly host: string; readonly port: number; readonly tls: Tls | undefined },
): Promise<Listening> {
  const options = { fetch, hostname: host, port };
  const server =
    tls === undefined
      ? serve(options)
      : serve({ ...options, createServer, serverOptions: { ...tls, minVersion: 'TLSv1.2' } });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    renew: ({ cert, key }) => {
      if (server instanceof Server) server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
    },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
