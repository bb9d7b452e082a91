import { ProblemError } from '../../lib/platform/problem.ts';
import type { WebContext } from '../parts.ts';

/** `POST`, `PUT`, `PATCH`, `DELETE` below `/dicomweb`: 405 with the reason. */
export function refuseWriting(c: WebContext): never {
  c.header('Allow', 'GET, HEAD');
  throw new ProblemError(
    405,
    'For reading only',
    'Images can be looked at here, and not stored or changed. Send images by C-STORE.',
  );
}
