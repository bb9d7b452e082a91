import { canonicalJson } from '../runs/canonical.ts';
import type { ObjectStore } from '../store/store.ts';
import { decisionKey } from './keys.ts';

/** What a person decides of an instance that does not count by itself. */
export interface QuarantineDecision {
  readonly decision: 'release' | 'discard';
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
}

/** Writes a decision beside the instances. @param sha256 of the file */
export async function keepDecision(
  { store }: { readonly store: ObjectStore },
  sha256: string,
  decision: QuarantineDecision,
): Promise<void> {
  const kept = { ...decision, sha256, at: decision.at.toISOString() };
  await store.put('dicom', decisionKey(sha256), Buffer.from(canonicalJson(kept)), 'application/json');
}
