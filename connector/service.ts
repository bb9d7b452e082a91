import { createAdaptorServer, type ServerType } from '@hono/node-server';
import { databaseUrl } from '../lib/database/connection.ts';
import type { Configuration } from '../lib/platform/configuration.ts';
import type { Service } from '../lib/platform/lifecycle.ts';
import { listen } from '../lib/platform/listen.ts';
import type { Logger } from '../lib/platform/log.ts';
import { openStore } from '../lib/store/open.ts';
import { FaasClient } from '../provider/client.ts';
import { Connector } from './connector.ts';
import { connectorApp } from './http.ts';

/** The connector as a service: with its HTTP face on a port of this machine alone. */
export function connectorService(configuration: Configuration, log: Logger): Service {
  const { port } = configuration.connector;
  const { concurrency, keepEventsDays } = configuration.site;
  const store = openStore(configuration.store);
  const connector = new Connector({
    databaseUrl: databaseUrl(configuration),
    store,
    faas: FaasClient.of(configuration),
    faasAddress: configuration.faas.url ?? `http://127.0.0.1:${configuration.faas.embeddedPort}`,
    concurrency,
    keepEventsDays,
    log,
    onLost: () => {
      throw new Error('The connection to PostgreSQL was lost.');
    },
  });
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
