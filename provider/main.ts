import { startService } from '../lib/platform/lifecycle.ts';
import { providerService } from './service.ts';

startService('provider', (configuration, log) => providerService(configuration, process.env, log));
