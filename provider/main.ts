import { startService } from '../lib/platform/lifecycle.ts';
import { createProvider } from './service.ts';

startService('provider', (configuration, log) => createProvider(configuration, process.env, log));
