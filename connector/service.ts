import { serve } from '@hono/node-server';
import type { Service } from '../lib/platform/lifecycle.ts';
import { Connector, type ConnectorOptions } from './connector.ts';
import { connectorApp } from './http.ts';

/** The connector as a process runs it: with its HTTP face on a port of this machine alone, and its own store to close. */
export function createService(options: ConnectorOptions & { readonly port: number }): Service {
  const { port, store } = options;
  const connector = new Connector(options);
  let server: ReturnType<typeof serve> | undefined;
  return {
    start: async () => {
      server = await listen(connectorApp(connector).fetch, port);
      await connector.start();
      return undefined;
    },
    stop: async () => {
      await connector.stop();
      await close(server);
      await store.close();
    },
  };
}

function listen(fetch: Parameters<typeof serve>[0]['fetch'], port: number): Promise<ReturnType<typeof serve>> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: '127.0.0.1', port }, () => resolve(server));
    server.once('error', reject);
  });
}

async function close(server: ReturnType<typeof serve> | undefined): Promise<void> {
  if (server === undefined) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
