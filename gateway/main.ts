import { startService } from '../lib/platform/lifecycle.ts';
import { gatewayService } from './service.ts';

startService('gateway', gatewayService);
