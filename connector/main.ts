import { startService } from '../lib/platform/lifecycle.ts';
import { connectorService } from './service.ts';

startService('connector', connectorService);
