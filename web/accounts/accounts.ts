import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../../lib/database/connection.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { account } from '../../schemas/database/web.ts';
import { hashPassword, LONGEST_PASSWORD, randomPassword, SHORTEST_PASSWORD, verifyPassword } from './password.ts';

/** What an account may do: a reader sees results and answers forms, an administrator also retries runs and makes accounts. */
export const Role = z.enum(['administrator', 'reader']);
export type Role = z.infer<typeof Role>;

/** Who makes a request. */
export interface Person {
  readonly name: string;
  readonly role: Role;
}

/** Names are compared in lower case. */
export const AccountName = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'A name has 1 to 40 letters, digits, dots, hyphens or underscores.');

const FIRST_ADMINISTRATOR = 'admin';

/** Everybody who may sign in, or could once. */
export async function listAccounts(database: Database) {
  const { name, role, createdAt, disabledAt } = account;
  return database.db.select({ name, role, createdAt, disabledAt }).from(account).orderBy(asc(account.name));
}

/** The account whose name and password these are; undefined where they belong to nobody. */
export async function checkPassword(database: Database, name: string, password: string): Promise<Person | undefined> {
  const parsed = AccountName.safeParse(name);
  const [known] = parsed.success
    ? await database.db.select().from(account).where(eq(account.name, parsed.data))
    : [undefined];
  const right = await verifyPassword(password, known?.password);
  if (!right || known === undefined || known.disabledAt !== null) return undefined;
  return { name: known.name, role: known.role };
}

/** Makes an account. @throws {ProblemError} 409 the name is taken; 422 the password is too short or too long */
export async function createAccount(
  database: Database,
  { name, password, role, now }: { name: string; password: string; role: Role; now: Date },
): Promise<void> {
  checkLength(password);
  const row = { name, password: await hashPassword(password), role, createdAt: now };
  const made = await database.db.insert(account).values(row).onConflictDoNothing().returning();
  if (made.length === 0) throw new ProblemError(409, 'Name taken', `There is an account ${name} already.`);
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
  await database.db
    .insert(account)
    .values({ ...row, role: 'administrator' })
    .onConflictDoNothing();
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
