import { createHmac, timingSafeEqual } from 'node:crypto';
import { lt } from 'drizzle-orm';
import { z } from 'zod';
import { launchNonce } from '../../schemas/database/web.ts';
import { AccountName, findAccount } from '../accounts/accounts.ts';
import type { Parts } from '../parts.ts';

/** The clock of the PACS may be ahead by this much, ms. */
const CLOCK_TOLERANCE_MS = 60_000;

/** What is signed besides the exam. */
const Signed = z.object({
  user: AccountName,
  /** Seconds since 1970. */
  expires: z.coerce.number().int().positive(),
  nonce: z.string().regex(/^[\w-]{16,64}$/),
  signature: z.string().regex(/^[0-9a-f]{64}$/i),
});

/** Why a signed link is not followed. */
export type LaunchRefusal = 'not-allowed' | 'changed' | 'too-long' | 'expired' | 'used' | 'unknown-person';

/** Whether a link names a person, and so must be signed. */
export const namesPerson = (query: Readonly<Record<string, unknown>>): boolean =>
  ['user', 'signature', 'nonce', 'expires'].some((name) => name in query);

/**
 * What is signed: every parameter of the query but the signature, sorted by name, as `name=value` with everything but
 * letters, digits and `-._~` percent-encoded (RFC 3986), joined by `&`.
 */
export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  return Object.entries(query)
    .filter(([name]) => name !== 'signature')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}

/** HMAC-SHA-256 of the canonical query, in hexadecimal. */
export function signatureOf(secret: string, query: Readonly<Record<string, string>>): string {
  return createHmac('sha256', secret).update(canonicalQuery(query)).digest('hex');
}

/**
 * Whose session a signed link opens. It is good once: what was accepted here is refused the next time.
 *
 * @param query every parameter, each once
 */
export async function acceptSigned(
  { database, signedLaunch, now }: Pick<Parts, 'database' | 'signedLaunch' | 'now'>,
  query: Readonly<Record<string, string>>,
): Promise<{ readonly user: string } | { readonly refused: LaunchRefusal; readonly user?: string }> {
  if (signedLaunch === undefined) return { refused: 'not-allowed' };
  const parsed = Signed.safeParse(query);
  if (!parsed.success || !isSigned(signedLaunch.secret, query, parsed.data.signature)) return { refused: 'changed' };
  const { user, expires, nonce } = parsed.data;
  const [at, end] = [now(), new Date(expires * 1000)];
  if (end <= at) return { refused: 'expired', user };
  const longestMs = signedLaunch.longestSeconds * 1000 + CLOCK_TOLERANCE_MS;
  if (end.getTime() - at.getTime() > longestMs) return { refused: 'too-long', user };
  const account = await findAccount(database, user);
  if (account === undefined || account.disabledAt !== null) return { refused: 'unknown-person', user };
  await database.db.delete(launchNonce).where(lt(launchNonce.expiresAt, at));
  const used = await database.db
    .insert(launchNonce)
    .values({ nonce, expiresAt: end })
    .onConflictDoNothing()
    .returning();
  return used.length === 0 ? { refused: 'used', user } : { user };
}

function isSigned(secret: string, query: Readonly<Record<string, string>>, signature: string): boolean {
  const expected = Buffer.from(signatureOf(secret, query), 'hex');
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}
