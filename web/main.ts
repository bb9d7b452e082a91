import { readConfiguration } from '../lib/platform/configuration.ts';
import { runService } from '../lib/platform/lifecycle.ts';
import { createLog } from '../lib/platform/log.ts';
import { webService } from './service.ts';

const configuration = readConfiguration(process.env);
const log = createLog('web', configuration.logLevel);
runService(webService(configuration, log), log);
