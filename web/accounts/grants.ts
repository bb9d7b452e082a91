import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { audit, roleGrant } from '../../schemas/database/web.ts';
import type { Role } from '../../schemas/rights.ts';

/** A role that somebody has, for one evaluation or (null) for all. */
export interface Grant {
  readonly role: Role;
  readonly evaluation: string | null;
}

/** A grant, with where it comes from: a person gave it, or a group of the directory. */
export interface HeldGrant extends Grant {
  readonly origin: 'person' | 'directory';
}

/** A change of what somebody may do. */
export interface GrantChange extends Grant {
  readonly account: string;
  /** Who gives or takes it. */
  readonly by: string;
  readonly now: Date;
}

/** The roles of the account that a query reads, for its selection. */
export const HELD_GRANTS = sql<HeldGrant[]>`coalesce(
  (select json_agg(json_build_object('role', g.role, 'evaluation', g.evaluation, 'origin', g.origin)
    order by g.role, g.evaluation nulls first)
  from web.role_grant g where g.account = web.account.name), '[]'::json)`;

/** A database or a transaction in it. */
type Transacting = Pick<Database['db'], 'transaction'>;

/** Gives a role, and writes that down; false where it was there already. */
export async function giveRole(db: Transacting, change: GrantChange): Promise<boolean> {
  const { account, role, evaluation, now: grantedAt } = change;
  return db.transaction(async (transaction) => {
    const row = { account, role, evaluation, origin: 'person' as const, grantedAt };
    const made = await transaction.insert(roleGrant).values(row).onConflictDoNothing().returning();
    if (made.length > 0) await transaction.insert(audit).values(entryOf('role-granted', change));
    return made.length > 0;
  });
}

/** Takes a role that a person gave, and writes that down; false where it was not there. */
export async function takeRole(db: Transacting, change: GrantChange): Promise<boolean> {
  const { account } = change;
  return db.transaction(async (transaction) => {
    const gone = await transaction
      .delete(roleGrant)
      .where(and(eq(roleGrant.account, account), isGrant(change), eq(roleGrant.origin, 'person')))
      .returning();
    if (gone.length > 0) await transaction.insert(audit).values(entryOf('role-withdrawn', change));
    return gone.length > 0;
  });
}

type GrantAction = 'role-granted' | 'role-withdrawn';

/** The row of the audit for a change of rights. */
function entryOf(action: GrantAction, { account, role, evaluation, by, now }: GrantChange) {
  return { at: now, actor: by, action, subject: account, detail: role, evaluation };
}

/** What somebody's roles of one origin shall be. */
export interface GrantedRoles {
  readonly account: string;
  readonly origin: HeldGrant['origin'];
  readonly given: readonly Grant[];
  /** Who says so. */
  readonly by: string;
  readonly now: Date;
}

/** Makes the roles of one origin (given by a person, or by groups of the directory) these, and writes down what changed. */
export async function setRoles(db: Transacting, { account, origin, given, by, now }: GrantedRoles): Promise<void> {
  await db.transaction(async (transaction) => {
    const mine = and(eq(roleGrant.account, account), eq(roleGrant.origin, origin));
    const held = await transaction.select().from(roleGrant).where(mine).for('update');
    const isIn = (list: readonly Grant[], { role, evaluation }: Grant) =>
      list.some((other) => other.role === role && other.evaluation === evaluation);
    const gone = held.filter((grant) => !isIn(given, grant));
    const added: Grant[] = [];
    for (const { role, evaluation } of given.filter((grant) => !isIn(held, grant))) {
      const row = { account, role, evaluation, origin, grantedAt: now };
      // Another sign-in at the same moment may have given it.
      added.push(...(await transaction.insert(roleGrant).values(row).onConflictDoNothing().returning()));
    }
    for (const grant of gone) await transaction.delete(roleGrant).where(and(mine, isGrant(grant)));
    const change = (action: GrantAction) => (grant: Grant) => entryOf(action, { ...grant, account, by, now });
    const entries = [...added.map(change('role-granted')), ...gone.map(change('role-withdrawn'))];
    if (entries.length > 0) await transaction.insert(audit).values(entries);
  });
}

function isGrant({ role, evaluation }: Grant) {
  const forWhat = evaluation === null ? isNull(roleGrant.evaluation) : eq(roleGrant.evaluation, evaluation);
  return and(eq(roleGrant.role, role), forWhat);
}
