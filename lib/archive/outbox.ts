import { asc, eq, lte, min } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Database } from '../database/connection.ts';
import { submitRun } from '../runs/submit.ts';
import type { ObjectStore } from '../store/store.ts';

/** What the outbox asks. */
export interface OutboxContext {
  readonly database: Database;
  readonly store: ObjectStore;
  /** Whether the connector has taken a run over. */
  readonly holdsRun: (run: string) => Promise<boolean>;
}

/** First wait for the connector after a run was put into the store, and the longest, milliseconds. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;

/**
 * Puts the runs that were made into the store, and keeps a row of each until the connector holds it: the event of its
 * run.json may be lost, and the connector may be down. It finds the run by listing then; here is who can tell that it has
 * not yet.
 *
 * @returns when there is something to do next; undefined: when another run is made
 */
export async function deliverRuns(context: OutboxContext, now: Date): Promise<Date | undefined> {
  const { db } = context.database;
  const rows = await db
    .select()
    .from(tables.outbox)
    .where(lte(tables.outbox.nextAttemptAt, now))
    .orderBy(asc(tables.outbox.id))
    .limit(50);
  for (const row of rows) await deliver(context, row, now);
  const [next] = await db.select({ at: min(tables.outbox.nextAttemptAt) }).from(tables.outbox);
  return next?.at ?? undefined;
}

async function deliver(context: OutboxContext, row: typeof tables.outbox.$inferSelect, now: Date): Promise<void> {
  const { database, store, holdsRun } = context;
  const thisRow = eq(tables.outbox.id, row.id);
  if (row.submittedAt === null) {
    for (const trigger of row.triggers) await submitRun(store, { id: row.run, body: row.body }, trigger);
    await database.db
      .update(tables.outbox)
      .set({ submittedAt: now, attempts: 0, nextAttemptAt: new Date(now.getTime() + FIRST_WAIT_MS) })
      .where(thisRow);
  } else if (await holdsRun(row.run)) {
    await database.db.delete(tables.outbox).where(thisRow);
  } else {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (row.attempts + 1));
    await database.db
      .update(tables.outbox)
      .set({ attempts: row.attempts + 1, nextAttemptAt: new Date(now.getTime() + wait) })
      .where(thisRow);
  }
}
