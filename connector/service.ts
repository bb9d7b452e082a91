import { createAdaptorServer, type ServerType } from '@hono/node-server';
import type { Service } from '../lib/platform/lifecycle.ts';
import { listen } from '../lib/platform/listen.ts';
import { Connector, type ConnectorOptions } from './connector.ts';
import { connectorApp } from './http.ts';

/** The connector as a process runs it: with its HTTP face on a port of this machine alone, and its own store to close. */
export function createService(options: ConnectorOptions & { readonly port: number }): Service {
  const { port, store } = options;
  const connector = new Connector(options);
  const server = createAdaptorServer({ fetch: connectorApp(connector).fetch });
  return {
    start: async () => {
      await listen(server, '127.0.0.1', port);
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

async function close(server: ServerType): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
