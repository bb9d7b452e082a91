import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
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

/**
 * As `getVerified`, without holding the object in memory: the stream ends only where all bytes were the ones named, and
 * fails with `ObjectChangedError` otherwise.
 */
export async function streamVerified(store: ObjectStore, reference: ObjectReference): Promise<Readable> {
  const source = await store.stream(reference.bucket, reference.key);
  async function* checked(): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest('hex') !== reference.sha256) throw new ObjectChangedError(reference);
  }
  return Readable.from(checked(), { objectMode: false });
}
