import { readConfiguration } from '../lib/platform/configuration.ts';
import { runService } from '../lib/platform/lifecycle.ts';
import { createLog } from '../lib/platform/log.ts';
import { webService } from './service.ts';

const configuration = readConfiguration(process.env);
const log = createLog('web', configuration.logLevel);
// Node prints its warnings between the lines that are meant for people; here they belong into the log.
process.removeAllListeners('warning');
process.on('warning', ({ name, message }) => {
  log[name === 'ExperimentalWarning' ? 'debug' : 'warn']({ warning: name }, message);
});
runService(webService(configuration, log), log);
