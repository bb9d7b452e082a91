import { startService } from '../lib/platform/lifecycle.ts';
import { webService } from './service.ts';

startService('web', (configuration, log) => {
  // Node prints its warnings between the lines that are meant for people; here they belong into the log.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    log[name === 'ExperimentalWarning' ? 'debug' : 'warn']({ warning: name }, message);
  });
  return webService(configuration, log);
});
