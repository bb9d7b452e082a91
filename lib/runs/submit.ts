import type { Trigger } from '../../schemas/run.ts';
import type { ObjectStore } from '../store/store.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { runKey, triggerKey } from './keys.ts';

/** A plan that does not have the digest it is named by. */
export class RunDigestError extends Error {
  override readonly name = 'RunDigestError';
}

/**
 * Makes a run: stores its plan, then why it was made. Harmless when repeated: a run's id is the digest of its plan, so
 * the plan is stored once, and the same trigger is stored once.
 *
 * @param planned what `planRun` gave
 * @throws {RunDigestError} `body` does not have the digest `id`
 */
export async function submitRun(
  store: ObjectStore,
  planned: { readonly id: string; readonly body: string },
  trigger: Trigger,
): Promise<void> {
  const { id, body } = planned;
  if (sha256(body) !== id) throw new RunDigestError(`A run is named by the digest of its plan; ${id} is not that.`);
  await putOnce(store, runKey(id), body);
  const why = canonicalJson(trigger);
  await putOnce(store, triggerKey(id, sha256(why)), why);
}

async function putOnce(store: ObjectStore, key: string, json: string): Promise<void> {
  if ((await store.stat('runs', key)) !== undefined) return;
  await store.put('runs', key, Buffer.from(json), 'application/json');
}
