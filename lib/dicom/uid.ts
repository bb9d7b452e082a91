import { createHash } from 'node:crypto';
import { Uid } from '../../schemas/scalars.ts';

/**
 * A UID that follows from its parts: `2.25.` and 128 bits of their sha256, so that whoever does the same work again
 * makes the same object (PS3.5 B.2). The parts are kept apart: `('a', 'bc')` is not `('ab', 'c')`.
 */
export function deriveUid(...parts: string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `2.25.${BigInt(`0x${digest.slice(0, 32)}`)}`;
}

/** Whether a text is a UID, as `Uid` says (PS3.5 section 9.1). */
export function isValidUid(uid: string): boolean {
  return Uid.safeParse(uid).success;
}

/** The UID where it is one, else ''. */
export function validUid(uid: string | undefined): string {
  return uid !== undefined && isValidUid(uid) ? uid : '';
}
