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
  const { account, role, evaluation } = change;
  return db.transaction(async (transaction) => {
    const gone = await transaction
      .delete(roleGrant)
      .where(
        and(
          eq(roleGrant.account, account),
          eq(roleGrant.role, role),
          evaluation === null ? isNull(roleGrant.evaluation) : eq(roleGrant.evaluation, evaluation),
          eq(roleGrant.origin, 'person'),
        ),
      )
      .returning();
    if (gone.length > 0) await transaction.insert(audit).values(entryOf('role-withdrawn', change));
    return gone.length > 0;
  });
}

/** The row of the audit for a change of rights. */
export function entryOf(
  action: 'role-granted' | 'role-withdrawn',
  { account, role, evaluation, by, now }: GrantChange,
) {
  return { at: now, actor: by, action, subject: account, detail: role, evaluation };
}
