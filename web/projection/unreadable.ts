import { DrizzleQueryError, desc, eq } from 'drizzle-orm';
import postgres from 'postgres';
import type { Database } from '../../lib/database/connection.ts';
import { InvalidRunError } from '../../lib/runs/state.ts';
import { unreadableRun } from '../../schemas/database/web.ts';

/** A run that no page can show, and why. */
export interface UnreadableRun {
  readonly id: string;
  readonly reason: string;
  readonly seenAt: Date;
}

/** Why a run can never be projected as it is, for the administrator; undefined where trying again may help. */
export function whyUnreadable(error: unknown): string | undefined {
  if (error instanceof InvalidRunError) return 'Its `run.json` is not the plan of a run.';
  if (error instanceof SyntaxError) return 'One of its objects is not JSON.';
  return isDataException(error) ? 'It holds a text that PostgreSQL cannot keep.' : undefined;
}

/** Keeps that a run cannot be read, for the page of administrators. */
export async function noteUnreadable(database: Database, id: string, reason: string): Promise<void> {
  const row = { reason, seenAt: new Date() };
  await database.db
    .insert(unreadableRun)
    .values({ id, ...row })
    .onConflictDoUpdate({ target: unreadableRun.id, set: row });
}

/** The run was read after all. */
export async function forgetUnreadable(db: Pick<Database['db'], 'delete'>, id: string): Promise<void> {
  await db.delete(unreadableRun).where(eq(unreadableRun.id, id));
}

/** The newest of them. */
export function listUnreadable(database: Database, limit: number): Promise<UnreadableRun[]> {
  return database.db.select().from(unreadableRun).orderBy(desc(unreadableRun.seenAt)).limit(limit);
}

/** PostgreSQL cannot hold what the run says, a NUL in a text say (SQLSTATE class 22). */
function isDataException(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof postgres.PostgresError && cause.code.startsWith('22');
}
