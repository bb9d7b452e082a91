import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { and, asc, eq, gt, isNull, lt, or } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../../lib/database/connection.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { account, apiToken, audit } from '../../schemas/database/web.ts';
import { Right } from '../../schemas/rights.ts';
import { Slug } from '../../schemas/scalars.ts';
import type { Person } from './accounts.ts';
import { HELD_GRANTS } from './grants.ts';
import { may } from './rights.ts';

/** Begins every token, so that a program that looks for forgotten secrets knows one. */
const PREFIX = 'overread_';

/** Tokens that one account has at most, those that ended left aside. */
const MOST_TOKENS = 20;

/** `usedAt` is written at most this often. */
const USED_EVERY_MS = 60_000;

/** What somebody asks for. */
export const TokenWish = z.strictObject({
  label: z.string().trim().min(1, 'Say what it is for.').max(80, 'At most 80 characters.'),
  rights: z.array(Right).min(1, 'Choose at least one right.'),
  /** Null: all evaluations that its owner may. */
  evaluation: Slug.nullable(),
  days: z.coerce.number().int().min(1, 'At least a day.').max(366, 'At most 366 days.'),
});
export type TokenWish = z.infer<typeof TokenWish>;

/**
 * Makes a token for a person, and writes that down.
 *
 * @returns the token (256 random bits), which is kept nowhere
 * @throws {ProblemError} 422 it would carry a right that they do not have; 409 they have too many
 */
export async function makeToken(database: Database, owner: Person, wish: TokenWish, now: Date): Promise<string> {
  const missing = wish.rights.find((right) => !may(owner, right, wish.evaluation ?? undefined));
  if (missing !== undefined) {
    throw new ProblemError(422, 'Not yours to give', `You do not have the right “${missing}” there yourself.`);
  }
  const valid = (await listTokens(database, owner.name)).filter((token) => stateOf(token, now) === 'valid');
  if (valid.length >= MOST_TOKENS) {
    throw new ProblemError(409, 'Too many tokens', `There are ${MOST_TOKENS} already. Revoke one that is not needed.`);
  }
  const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  const { label, rights, evaluation, days } = wish;
  const expiresAt = new Date(now.getTime() + days * 24 * 60 * 60_000);
  const row = { id: randomUUID(), tokenHash: hash(token), account: owner.name, label, rights, evaluation };
  const detail = rights.join(' ');
  await database.db.transaction(async (transaction) => {
    await transaction.insert(apiToken).values({ ...row, createdAt: now, expiresAt });
    const entry = { at: now, actor: owner.name, action: 'token-made', subject: owner.name, detail, evaluation };
    await transaction.insert(audit).values(entry);
  });
  return token;
}

/** Whose a token is, and what the directory last said of them. */
export interface TokenOwner {
  readonly person: Person;
  readonly origin: 'local' | 'directory';
  readonly confirmedAt: Date | null;
}

/** In whose name a token acts, with its scope; undefined where it is none, has expired or was revoked, or its owner was disabled. */
export async function findTokenOwner(database: Database, token: string, now: Date): Promise<TokenOwner | undefined> {
  if (!token.startsWith(PREFIX)) return undefined;
  const { id, rights, evaluation, usedAt } = apiToken;
  const { name, origin, confirmedAt } = account;
  const [found] = await database.db
    .select({ id, rights, evaluation, usedAt, name, origin, confirmedAt, grants: HELD_GRANTS })
    .from(apiToken)
    .innerJoin(account, eq(account.name, apiToken.account))
    .where(
      and(
        eq(apiToken.tokenHash, hash(token)),
        isNull(apiToken.revokedAt),
        gt(apiToken.expiresAt, now),
        isNull(account.disabledAt),
      ),
    );
  if (found === undefined) return undefined;
  const stale = or(isNull(usedAt), lt(usedAt, new Date(now.getTime() - USED_EVERY_MS)));
  await database.db
    .update(apiToken)
    .set({ usedAt: now })
    .where(and(eq(id, found.id), stale));
  const scope = { rights: found.rights, evaluation: found.evaluation };
  const person = { name: found.name, grants: found.grants, scope };
  return { person, origin: found.origin, confirmedAt: found.confirmedAt };
}

/** The tokens of an account, without what would let anybody use them. */
export async function listTokens(database: Database, name: string) {
  const { id, label, rights, evaluation, createdAt, expiresAt, revokedAt, usedAt } = apiToken;
  return database.db
    .select({ id, label, rights, evaluation, createdAt, expiresAt, revokedAt, usedAt })
    .from(apiToken)
    .where(eq(apiToken.account, name))
    .orderBy(asc(apiToken.createdAt), asc(apiToken.id));
}
export type ListedToken = Awaited<ReturnType<typeof listTokens>>[number];

/** Whether a token can still be used, else why not. */
export function stateOf({ revokedAt, expiresAt }: ListedToken, now: Date): 'valid' | 'revoked' | 'expired' {
  if (revokedAt !== null) return 'revoked';
  return expiresAt > now ? 'valid' : 'expired';
}

/** Ends a token of an account for good, and writes that down; false where it has none of this id. */
export async function revokeToken(database: Database, name: string, id: string, now: Date): Promise<boolean> {
  return database.db.transaction(async (transaction) => {
    const mine = and(eq(apiToken.id, id), eq(apiToken.account, name), isNull(apiToken.revokedAt));
    const [gone] = await transaction.update(apiToken).set({ revokedAt: now }).where(mine).returning();
    if (gone === undefined) return false;
    const { evaluation, rights } = gone;
    const entry = {
      at: now,
      actor: name,
      action: 'token-revoked',
      subject: name,
      detail: rights.join(' '),
      evaluation,
    };
    await transaction.insert(audit).values(entry);
    return true;
  });
}

/** Ends all tokens of somebody whom the directory knows no more, and writes that down. */
export async function endTokensOf(database: Database, name: string, now: Date): Promise<void> {
  await database.db.transaction(async (transaction) => {
    const theirs = and(eq(apiToken.account, name), isNull(apiToken.revokedAt));
    const gone = await transaction.update(apiToken).set({ revokedAt: now }).where(theirs).returning();
    if (gone.length === 0) return;
    const entry = { at: now, actor: 'directory', action: 'token-revoked', subject: name };
    await transaction
      .insert(audit)
      .values(gone.map(({ evaluation, rights }) => ({ ...entry, detail: rights.join(' '), evaluation })));
  });
}

const hash = (token: string) => createHash('sha256').update(token).digest('hex');
