import { and, eq } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Trigger } from '../../schemas/run.ts';
import type { Transaction } from '../database/connection.ts';

/** A pipeline that an instance asks for, by a route or by the AE title it was sent to. */
export interface Demand {
  readonly pipeline: string;
  readonly quietSeconds: number;
  readonly trigger: Pick<Trigger, 'kind' | 'by'>;
}

/** A study's way to one pipeline, as the database has it. */
export type Dispatch = typeof tables.dispatch.$inferSelect;

/**
 * Starts, or starts again, the quiet period of every pipeline that the study goes to: those an instance asks for, and
 * those an earlier one asked for, since it adds to their version. Call it with the study locked.
 *
 * @returns the longest quiet period in seconds; undefined where the study goes to no pipeline
 */
export async function arm(
  transaction: Transaction,
  StudyInstanceUID: string,
  receivedAt: Date,
  demands: readonly Demand[],
): Promise<number | undefined> {
  const earlier = await transaction
    .select()
    .from(tables.dispatch)
    .where(eq(tables.dispatch.studyInstanceUid, StudyInstanceUID));
  const pipelines = new Set([...earlier.map(({ pipeline }) => pipeline), ...demands.map(({ pipeline }) => pipeline)]);
  let longest: number | undefined;
  for (const pipeline of pipelines) {
    const known = earlier.find((row) => row.pipeline === pipeline);
    const armed = rearm(
      known,
      demands.filter((demand) => demand.pipeline === pipeline),
      receivedAt,
    );
    longest = Math.max(longest ?? 0, armed.quietSeconds);
    if (known === undefined) {
      await transaction.insert(tables.dispatch).values({ studyInstanceUid: StudyInstanceUID, pipeline, ...armed });
    } else {
      await transaction
        .update(tables.dispatch)
        .set(armed)
        .where(and(eq(tables.dispatch.studyInstanceUid, StudyInstanceUID), eq(tables.dispatch.pipeline, pipeline)));
    }
  }
  return longest;
}

/** The state of one pipeline's quiet period after an arrival. Pure. */
export function rearm(known: Dispatch | undefined, demands: readonly Demand[], receivedAt: Date) {
  const quietSeconds = Math.max(0, ...(demands.length > 0 ? demands : [known]).map((one) => one?.quietSeconds ?? 0));
  const due = receivedAt.getTime() + 1000 * quietSeconds;
  const origin = known?.origin ?? demands[0]?.trigger ?? { kind: 'route', by: 'unknown' };
  const asked = demands.length > 0 ? demands.map(({ trigger }) => trigger) : [origin];
  return {
    quietSeconds,
    dueAt: new Date(Math.max(due, known?.dueAt?.getTime() ?? 0)),
    triggers: withTriggers(known?.triggers ?? [], asked, receivedAt),
    origin,
    onDemand: known?.onDemand === true || demands.some(({ trigger }) => trigger.kind === 'called-ae-title'),
    note: null,
  };
}

/** Adds what asks to what asked before; each asks once for one run, at its first arrival. */
function withTriggers(
  earlier: readonly Trigger[],
  asked: readonly Pick<Trigger, 'kind' | 'by'>[],
  receivedAt: Date,
): Trigger[] {
  const added = asked.filter((one) => !earlier.some(({ kind, by }) => kind === one.kind && by === one.by));
  return [...earlier, ...added.map(({ kind, by }) => ({ kind, by, at: receivedAt.toISOString() }))];
}
