import { and, desc, eq, inArray, or, sql } from 'drizzle-orm';
import type { Approval } from '../../schemas/approval.ts';
import { approval, delivery } from '../../schemas/database/archive.ts';
import type { Database } from '../database/connection.ts';

/** A version of a pipeline. */
export interface PipelineVersion {
  readonly pipeline: string;
  readonly pipelineVersion: string;
}

/** A database or a transaction in it. */
type Deciding = Pick<Database['db'], 'select' | 'insert' | 'update'>;

/** What people decided on versions of pipelines, newest first; the newest of a version counts. */
export async function listApprovals(database: Database): Promise<Approval[]> {
  const rows = await database.db.select().from(approval).orderBy(desc(approval.position));
  return rows.map(({ position: _, ...row }) => ({ ...row, decidedAt: row.decidedAt.toISOString() }));
}

/** Whether results of this version may go to clinical receivers now. */
export async function isApproved(
  { db }: { readonly db: Pick<Database['db'], 'select'> },
  { pipeline, pipelineVersion }: PipelineVersion,
): Promise<boolean> {
  const [newest] = await db
    .select({ decision: approval.decision })
    .from(approval)
    .where(and(eq(approval.pipeline, pipeline), eq(approval.pipelineVersion, pipelineVersion)))
    .orderBy(desc(approval.position))
    .limit(1);
  return newest?.decision === 'approved';
}

/** Whether results of all these versions may go to clinical receivers now: never where there is none. */
export async function areApproved(
  database: { readonly db: Pick<Database['db'], 'select'> },
  pipeline: string,
  versions: readonly string[],
): Promise<boolean> {
  for (const pipelineVersion of versions) {
    if (!(await isApproved(database, { pipeline, pipelineVersion }))) return false;
  }
  return versions.length > 0;
}

/**
 * Keeps a decision. A withdrawal stops at once what still waits for a clinical receiver; an approval holds for what is
 * asked for from now on, and sends nothing that was refused before.
 *
 * @param clinicalReceivers names of those that the site calls clinical
 * @returns whether it is new: the same decision again is harmless
 */
export async function decideApproval(
  db: Deciding,
  decided: Approval,
  clinicalReceivers: readonly string[],
): Promise<boolean> {
  const { pipeline, pipelineVersion, decision, reason, decidedAt } = decided;
  const made = await db
    .insert(approval)
    .values({ ...decided, decidedAt: new Date(decidedAt) })
    .onConflictDoNothing()
    .returning({ id: approval.id });
  if (made.length > 0 && decision === 'withdrawn' && clinicalReceivers.length > 0) {
    await db
      .update(delivery)
      .set({ state: 'refused', reason: `The approval of this version of the pipeline was withdrawn: ${reason}` })
      .where(
        and(
          eq(delivery.pipeline, pipeline),
          or(
            eq(delivery.pipelineVersion, pipelineVersion),
            sql`${delivery.otherVersions} @> ${JSON.stringify([pipelineVersion])}::jsonb`,
          ),
          eq(delivery.state, 'waiting'),
          inArray(delivery.receiver, [...clinicalReceivers]),
        ),
      );
  }
  return made.length > 0;
}
