import { connect, databaseUrl } from '../lib/database/connection.ts';
import { readConfiguration } from '../lib/platform/configuration.ts';
import { runService } from '../lib/platform/lifecycle.ts';
import { createLog } from '../lib/platform/log.ts';
import { openStore } from '../lib/store/open.ts';
import { gatewayService } from './service.ts';

const configuration = readConfiguration(process.env);
const log = createLog('gateway', configuration.logLevel);
const database = connect(databaseUrl(configuration));
runService(gatewayService(configuration, openStore(configuration.store), database, log), log);
