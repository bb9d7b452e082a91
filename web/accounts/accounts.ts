import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { and, asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../../lib/database/connection.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { account } from '../../schemas/database/web.ts';
import type { Right, Role } from '../../schemas/rights.ts';
import { type Grant, giveRole, HELD_GRANTS } from './grants.ts';
import {
  hashPassword,
  LONGEST_PASSWORD,
  type PasswordCost,
  randomPassword,
  SHORTEST_PASSWORD,
  verifyPassword,
} from './password.ts';

/** Who makes a request, and what they are. `rights.ts` says what they may. */
export interface Person {
  readonly name: string;
  readonly grants: readonly Grant[];
  /** Of a token: what of its owner's rights it carries. */
  readonly scope?: { readonly rights: readonly Right[]; readonly evaluation: string | null } | undefined;
}

/** Names under which the audit has what no account did. */
const NOBODYS_NAMES: readonly string[] = ['api-token', 'directory', 'nobody', 'overread', 'unknown'];

/** Names are compared in lower case. */
export const AccountName = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'A name has 1 to 40 letters, digits, dots, hyphens or underscores.')
  .refine((name) => !NOBODYS_NAMES.includes(name), 'This name is the system’s own.');

const FIRST_ADMINISTRATOR = 'admin';

/** Everybody who may sign in, or could once. */
export async function listAccounts(database: Database) {
  const { name, origin, createdAt, disabledAt } = account;
  return database.db
    .select({ name, origin, createdAt, disabledAt, grants: HELD_GRANTS })
    .from(account)
    .orderBy(asc(account.name));
}

/** One account; undefined where there is none of this name. */
export async function findAccount(database: Database, name: string) {
  const { origin, createdAt, disabledAt } = account;
  const [found] = await database.db
    .select({ name: account.name, origin, createdAt, disabledAt, grants: HELD_GRANTS })
    .from(account)
    .where(eq(account.name, name));
  return found;
}

/** The account whose name and password these are; undefined where they belong to nobody. */
export async function checkPassword(database: Database, name: string, password: string): Promise<Person | undefined> {
  const parsed = AccountName.safeParse(name);
  const { name: called, password: hash, disabledAt } = account;
  const [known] = parsed.success
    ? await database.db
        .select({ called, hash, disabledAt, grants: HELD_GRANTS })
        .from(account)
        .where(eq(account.name, parsed.data))
    : [undefined];
  const right = await verifyPassword(password, known?.hash ?? undefined);
  if (!right || known === undefined || known.disabledAt !== null) return undefined;
  return { name: known.called, grants: known.grants };
}

/**
 * Makes the account of somebody whom the directory knows, unless it is there.
 *
 * @returns the account; a local one of this name is somebody else's
 */
export async function keepDirectoryAccount(database: Database, name: string, now: Date) {
  const row = { name, origin: 'directory' as const, createdAt: now };
  await database.db.insert(account).values(row).onConflictDoNothing();
  return findAccount(database, name);
}

/** Keeps that the directory knew somebody at this moment. */
export async function keepConfirmed(database: Database, name: string, now: Date): Promise<void> {
  const theirs = and(eq(account.name, name), eq(account.origin, 'directory'));
  await database.db.update(account).set({ confirmedAt: now }).where(theirs);
}

/** Makes a local account with its first roles. @throws {ProblemError} 409 the name is taken; 422 the password is too short or too long */
export async function createAccount(
  database: Database,
  made: {
    readonly name: string;
    readonly password: string;
    /** Who makes it. */
    readonly by?: string;
    readonly now: Date;
    /** Of the hash of the password; left out, that of `hashPassword`. */
    readonly cost?: PasswordCost;
  } & (
    | { readonly grants: readonly Grant[] }
    /** One role; for one evaluation, or (left out or null) for all. */
    | { readonly role: Role; readonly evaluation?: string | null }
  ),
): Promise<void> {
  const { name, password, by = name, now, cost } = made;
  const grants = 'grants' in made ? made.grants : [{ role: made.role, evaluation: made.evaluation ?? null }];
  checkLength(password);
  const row = { name, password: await hashPassword(password, cost), createdAt: now };
  await database.db.transaction(async (db) => {
    const added = await db.insert(account).values(row).onConflictDoNothing().returning();
    if (added.length === 0) throw new ProblemError(409, 'Name taken', `There is an account ${name} already.`);
    for (const grant of grants) await giveRole(db, { ...grant, account: name, by, now });
  });
}

/** Gives an account another password. @throws {ProblemError} 422 */
export async function changePassword(database: Database, name: string, password: string): Promise<void> {
  checkLength(password);
  await database.db
    .update(account)
    .set({ password: await hashPassword(password) })
    .where(eq(account.name, name));
}

/** Stops an account from signing in, or lets it again. */
export async function setDisabled(database: Database, name: string, disabledAt: Date | null): Promise<void> {
  await database.db.update(account).set({ disabledAt }).where(eq(account.name, name));
}

/**
 * Makes the account `admin` where there is no account yet.
 *
 * @returns the password made up for it, which is also written to `<secrets>/admin-password`; undefined where one was
 *   configured or the account exists
 */
export async function createFirstAdministrator(
  database: Database,
  { configured, secrets, now }: { configured: string | undefined; secrets: string; now: Date },
): Promise<string | undefined> {
  const [any] = await database.db.select({ name: account.name }).from(account).limit(1);
  if (any !== undefined) return undefined;
  const password = configured ?? randomPassword();
  if (configured === undefined) {
    mkdirSync(secrets, { recursive: true, mode: 0o700 });
    writeFileSync(path.join(secrets, 'admin-password'), `${password}\n`, { mode: 0o600 });
  }
  // A configured one is the site's business, however short.
  const row = { name: FIRST_ADMINISTRATOR, password: await hashPassword(password), createdAt: now };
  await database.db.transaction(async (db) => {
    await db.insert(account).values(row).onConflictDoNothing();
    const grant = { account: row.name, role: 'administrator', evaluation: null } as const;
    await giveRole(db, { ...grant, by: 'overread', now });
  });
  return configured === undefined ? password : undefined;
}

function checkLength(password: string): void {
  if (password.length >= SHORTEST_PASSWORD && password.length <= LONGEST_PASSWORD) return;
  throw new ProblemError(
    422,
    'Password not accepted',
    `A password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters; this one has ${password.length}.`,
  );
}
