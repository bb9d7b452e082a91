import { databaseUrl } from '../lib/database/connection.ts';
import { startService } from '../lib/platform/lifecycle.ts';
import { openStore } from '../lib/store/open.ts';
import { FaasClient } from '../provider/client.ts';
import { createService } from './service.ts';

startService('connector', (configuration, log) =>
  createService({
    databaseUrl: databaseUrl(configuration),
    store: openStore(configuration.store),
    faas: FaasClient.of(configuration),
    faasAddress: configuration.faas.url ?? `http://127.0.0.1:${configuration.faas.embeddedPort}`,
    concurrency: configuration.site.concurrency,
    keepEventsDays: configuration.site.keepEventsDays,
    log,
    onLost: () => {
      throw new Error('The connection to PostgreSQL was lost.');
    },
    port: configuration.connector.port,
  }),
);
