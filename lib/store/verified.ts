import { createHash } from 'node:crypto';
import type { ObjectReference } from '../../schemas/store.ts';
import { ObjectChangedError, type ObjectStore } from './store.ts';

/**
 * Reads a named object and checks that its bytes are the ones that were named.
 *
 * @throws {ObjectNotFoundError} it is gone
 * @throws {ObjectChangedError} it has other bytes
 */
export async function getVerified(store: ObjectStore, reference: ObjectReference): Promise<Buffer> {
  const body = await store.get(reference.bucket, reference.key);
  const sha256 = createHash('sha256').update(body).digest('hex');
  if (sha256 !== reference.sha256) throw new ObjectChangedError(reference);
  return body;
}
