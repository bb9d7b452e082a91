/** For tests: the `main.ts` of a service that cannot be made. */
import { startService } from './lifecycle.ts';

startService('part', () => {
  throw new Error('A file is wrong.');
});
