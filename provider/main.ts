import { ConfigurationError, readConfiguration } from '../lib/platform/configuration.ts';
import { runService } from '../lib/platform/lifecycle.ts';
import { createLog } from '../lib/platform/log.ts';
import { createProvider } from './service.ts';

const log = createLog('provider');
try {
  const configuration = readConfiguration(process.env);
  runService(createProvider(configuration, process.env, log), log);
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  log.fatal(error.message);
  process.exit(2);
}
