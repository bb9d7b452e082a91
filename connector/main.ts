import { databaseUrl } from '../lib/database/connection.ts';
import { ConfigurationError, readConfiguration } from '../lib/platform/configuration.ts';
import { runService } from '../lib/platform/lifecycle.ts';
import { createLog } from '../lib/platform/log.ts';
import { openStore } from '../lib/store/open.ts';
import { FaasClient } from '../provider/client.ts';
import { createService } from './service.ts';

const log = createLog('connector');
try {
  const configuration = readConfiguration(process.env);
  const service = createService({
    databaseUrl: databaseUrl(configuration),
    store: openStore(configuration.store),
    faas: FaasClient.of(configuration),
    faasAddress: configuration.faas.url ?? `http://127.0.0.1:${configuration.faas.embeddedPort}`,
    concurrency: configuration.site.concurrency,
    log,
    onLost: () => {
      throw new Error('The connection to PostgreSQL was lost.');
    },
    port: configuration.connector.port,
  });
  runService(service, log);
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  log.fatal(error.message);
  process.exit(2);
}
