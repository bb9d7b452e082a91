import { createServer, Server } from 'node:https';
import { serve } from '@hono/node-server';
import { MINIMUM_TLS, type Tls } from '../lib/platform/tls.ts';

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
    tls === undefined ? serve(options) : serve({ ...options, createServer, serverOptions: { ...tls, ...MINIMUM_TLS } });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    renew: ({ cert, key }) => {
      if (server instanceof Server) server.setSecureContext({ cert, key, ...MINIMUM_TLS });
    },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
