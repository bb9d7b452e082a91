import { createHash } from 'node:crypto';
import { and, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { signInFailure } from '../../schemas/database/web.ts';

/**
 * Brute force is slowed down by three counters, each with its own patience. The pair of account and address is the strict
 * one; the address alone catches somebody who tries many accounts; the account alone catches many addresses, and waits a
 * minute at most, so that nobody can lock an administrator out for good from elsewhere.
 */
const LIMITS = {
  pair: { free: 5, longestMs: 15 * 60_000 },
  address: { free: 30, longestMs: 15 * 60_000 },
  account: { free: 50, longestMs: 60_000 },
} as const;

/** The first wait after the free tries; doubled at each further failure. */
const FIRST_WAIT_MS = 15_000;

/** Failures older than this are forgotten. */
const FORGET_MS = 60 * 60_000;

/**
 * `blockedUntil` of a row that makes nobody wait. Not the time of writing: of two people who sign in at one moment, the one
 * who came first may be looked at second, and would have to wait for it.
 */
const NEVER = new Date(0);

type Counter = keyof typeof LIMITS;

/** How long to wait after so many failures. */
export function waitAfter(counter: Counter, failures: number): number {
  const { free, longestMs } = LIMITS[counter];
  return failures < free ? 0 : Math.min(longestMs, FIRST_WAIT_MS * 2 ** Math.min(failures - free, 20));
}

/**
 * Counts a sign-in as failed before its password is checked (so that tries at the same moment count too), unless it has
 * to wait.
 *
 * @returns milliseconds to wait; 0: the password may be checked
 */
export async function beginSignIn(database: Database, name: string, address: string, now: Date): Promise<number> {
  const keys = keysOf(name, address);
  await forgetOld(database, now);
  return database.db.transaction(async (transaction) => {
    const rows = keys.map(({ key }) => ({ key, failures: 0, lastAt: now, blockedUntil: NEVER }));
    await transaction.insert(signInFailure).values(rows).onConflictDoNothing();
    const names = keys.map(({ key }) => key);
    const locked = await transaction
      .select()
      .from(signInFailure)
      .where(inArray(signInFailure.key, names))
      .orderBy(signInFailure.key)
      .for('update');
    const wait = Math.max(...locked.map(({ blockedUntil }) => blockedUntil.getTime() - now.getTime()));
    if (wait > 0) return wait;
    for (const { key, counter } of keys) {
      const row = locked.find((candidate) => candidate.key === key);
      const forgotten = row === undefined || now.getTime() - row.lastAt.getTime() > FORGET_MS;
      const failures = (forgotten ? 0 : row.failures) + 1;
      const ms = waitAfter(counter, failures);
      const blockedUntil = ms === 0 ? NEVER : new Date(now.getTime() + ms);
      await transaction
        .update(signInFailure)
        .set({ failures, lastAt: now, blockedUntil })
        .where(sql`${signInFailure.key} = ${key}`);
    }
    return 0;
  });
}

/** The password was right: the pair is forgotten, the others lose the failure that was counted beforehand. */
export async function signInSucceeded(database: Database, name: string, address: string): Promise<void> {
  for (const { key, counter } of keysOf(name, address)) {
    await takeBack(database, key, counter === 'pair' ? sql`0` : oneLess);
  }
}

/** Name and password could not be judged: the failure that was counted beforehand is taken back. */
export async function signInUnjudged(database: Database, name: string, address: string): Promise<void> {
  for (const { key } of keysOf(name, address)) await takeBack(database, key, oneLess);
}

const oneLess = sql`greatest(${signInFailure.failures} - 1, 0)`;

/** One row a statement: who signs in holds several at once, in their order. */
async function takeBack(database: Database, key: string, failures: SQL): Promise<void> {
  await database.db
    .update(signInFailure)
    .set({ failures, blockedUntil: NEVER })
    .where(sql`${signInFailure.key} = ${key}`);
}

/** The table holds what people typed as names, so it must not grow for good. */
async function forgetOld(database: Database, now: Date): Promise<void> {
  await database.db
    .delete(signInFailure)
    .where(and(lt(signInFailure.lastAt, new Date(now.getTime() - FORGET_MS)), lt(signInFailure.blockedUntil, now)));
}

function keysOf(name: string, address: string): { readonly counter: Counter; readonly key: string }[] {
  const account = name.trim().toLowerCase();
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  return [
    { counter: 'pair', key: digest(`pair ${account} ${address}`) },
    { counter: 'address', key: digest(`address ${address}`) },
    { counter: 'account', key: digest(`account ${account}`) },
  ];
}
