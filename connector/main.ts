import { databaseUrl } from '../lib/database/connection.ts';
import { readConfiguration } from '../lib/platform/configuration.ts';
import { runService } from '../lib/platform/lifecycle.ts';
import { createLog } from '../lib/platform/log.ts';
import { openStore } from '../lib/store/open.ts';
import { Connector } from './connector.ts';
import { faasAddress } from './faas.ts';
import { connectorApp } from './http.ts';
import { listen } from './listen.ts';

const log = createLog('connector');
const configuration = readConfiguration(process.env);
const store = openStore(configuration.store);
const connector = new Connector({
  databaseUrl: databaseUrl(configuration),
  store,
  faasAddress: faasAddress(configuration.faas),
  concurrency: configuration.site.concurrency,
  log,
  onLost: () => {
    throw new Error('The connection to PostgreSQL was lost.');
  },
});
const face = listen(connectorApp(connector), configuration.connector.port);

runService(
  {
    start: async () => {
      await face.open();
      await connector.start();
      return undefined;
    },
    stop: async () => {
      await connector.stop();
      await face.close();
      await store.close();
    },
  },
  log,
);
