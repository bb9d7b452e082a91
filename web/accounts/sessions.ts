import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { and, eq, gt, lte, or } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { account, session } from '../../schemas/database/web.ts';
import type { Sessions } from '../../schemas/people.ts';
import type { Person } from './accounts.ts';
import { HELD_GRANTS } from './grants.ts';

/** `seenAt` is written at most this often, so that reading pages does not mean writing rows. */
const SEEN_EVERY_MS = 30_000;

/** Starts a session; the token (256 random bits) goes into the browser's cookie and nowhere else. */
export async function startSession(database: Database, name: string, now: Date, limits: Sessions): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const { idle, whole } = earliest(now, limits);
  await database.db.delete(session).where(or(lte(session.seenAt, idle), lte(session.createdAt, whole)));
  await database.db.insert(session).values({ tokenHash: hash(token), account: name, createdAt: now, seenAt: now });
  return token;
}

/**
 * Whose session a token belongs to; undefined where it ended or never was, or the account was disabled.
 *
 * @param touch whether a person asked; what a page asks by itself must not keep the session alive
 */
export async function findSession(
  database: Database,
  token: string,
  { now, touch, limits }: { now: Date; touch: boolean; limits: Sessions },
): Promise<Person | undefined> {
  const tokenHash = hash(token);
  const { idle, whole } = earliest(now, limits);
  const [found] = await database.db
    .select({ name: account.name, grants: HELD_GRANTS, disabledAt: account.disabledAt, seenAt: session.seenAt })
    .from(session)
    .innerJoin(account, eq(account.name, session.account))
    .where(and(eq(session.tokenHash, tokenHash), gt(session.seenAt, idle), gt(session.createdAt, whole)));
  if (found === undefined || found.disabledAt !== null) return undefined;
  if (touch && now.getTime() - found.seenAt.getTime() > SEEN_EVERY_MS) {
    await database.db.update(session).set({ seenAt: now }).where(eq(session.tokenHash, tokenHash));
  }
  return { name: found.name, grants: found.grants };
}

/** How many browsers an account is signed in with. */
export async function countSessions(
  database: Database,
  name: string,
  { now, limits }: { now: Date; limits: Sessions },
): Promise<number> {
  const { idle, whole } = earliest(now, limits);
  return database.db.$count(
    session,
    and(eq(session.account, name), gt(session.seenAt, idle), gt(session.createdAt, whole)),
  );
}

/** Ends one session. */
export async function endSession(database: Database, token: string): Promise<void> {
  await database.db.delete(session).where(eq(session.tokenHash, hash(token)));
}

/** Ends every session of an account: its password changed, or it was disabled. */
export async function endSessionsOf(database: Database, name: string): Promise<void> {
  await database.db.delete(session).where(eq(session.account, name));
}

/** The token that every form of a session carries, so that no other site can send one (CSRF). */
export function formToken(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('form').digest('base64url');
}

/** Whether a form carries its session's token. */
export function isFormToken(sessionToken: string, given: string): boolean {
  const expected = Buffer.from(formToken(sessionToken));
  const actual = Buffer.from(given);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

const hash = (token: string) => createHash('sha256').update(token).digest('hex');

/** When a session that still lasts must have been used, and must have begun. */
function earliest(now: Date, { idleMinutes, hours }: Sessions): { idle: Date; whole: Date } {
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  return { idle: ago(idleMinutes), whole: ago(hours * 60) };
}
