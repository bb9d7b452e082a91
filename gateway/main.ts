import { connect, databaseUrl } from '../lib/database/connection.ts';
import { startService } from '../lib/platform/lifecycle.ts';
import { openStore } from '../lib/store/open.ts';
import { gatewayService } from './service.ts';

startService('gateway', (configuration, log) =>
  gatewayService(configuration, openStore(configuration.store), connect(databaseUrl(configuration)), log),
);
