import { and, asc, eq, lte, min } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { RunInstance, RunModel } from '../../schemas/run.ts';
import type { Database, Transaction } from '../database/connection.ts';
import { planRun } from '../runs/plan.ts';
import type { Dispatch } from './arming.ts';
import { lockStudy } from './catalogue.ts';
import { armOtherExams, modelsText } from './other-exams.ts';

/** What completion asks. */
export interface CompletionContext {
  readonly database: Database;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  /** A model of the store; undefined where it is not there (yet). */
  readonly model: (name: string, version: string) => Promise<RunModel | undefined>;
}

/** What became of a study that was due for a pipeline. */
export type Completion =
  /** A run was made, or asked for again. */
  | 'run'
  /** There is nothing to run on, or nothing new. */
  | 'nothing'
  /** An image came in the meantime. */
  | 'postponed';

/** How long a study waits for a model that is not in the store, milliseconds. */
const MODEL_WAIT_MS = 15_000;

/** The moment the next study is due for a pipeline; undefined where none is. */
async function nextDue(database: Database): Promise<Date | undefined> {
  const [row] = await database.db.select({ dueAt: min(tables.dispatch.dueAt) }).from(tables.dispatch);
  return row?.dueAt ?? undefined;
}

/**
 * Makes the runs of every study whose quiet period is over.
 *
 * @param oldestWaiting reception of the instance that waits longest in the spool: a study that was due before it arrived
 *   cannot be waiting for it; one that is due later has to, since it may be the study's own
 * @param made told of each run
 * @returns the moment the next study is due; undefined where none is, or where the spool has to be emptied first
 */
export async function completeDue(
  context: CompletionContext,
  now: Date,
  oldestWaiting: Date | undefined,
  made: () => void,
): Promise<Date | undefined> {
  const until = oldestWaiting !== undefined && oldestWaiting < now ? oldestWaiting : now;
  const { db } = context.database;
  const due = await db
    .select({ study: tables.dispatch.studyInstanceUid, pipeline: tables.dispatch.pipeline })
    .from(tables.dispatch)
    .where(lte(tables.dispatch.dueAt, until))
    .orderBy(asc(tables.dispatch.dueAt));
  for (const { study, pipeline } of due) {
    if ((await complete(context, study, pipeline, now)) === 'run') made();
  }
  const next = await nextDue(context.database);
  const waitsForSpool = next !== undefined && next > until && next <= now;
  return waitsForSpool ? undefined : next;
}

/**
 * Freezes the study's version for the pipeline and makes the run, both in one transaction under the study's lock: an
 * instance comes either before, and counts, or after, and makes a version of its own. Only instances whose object is in
 * the store have a row, so every instance of the version is in the store.
 */
export function complete(
  context: CompletionContext,
  StudyInstanceUID: string,
  pipelineName: string,
  now: Date,
): Promise<Completion> {
  return context.database.db.transaction(async (transaction) => {
    await lockStudy(transaction, StudyInstanceUID);
    const [dispatch] = await transaction
      .select()
      .from(tables.dispatch)
      .where(sameDispatch(StudyInstanceUID, pipelineName));
    if (dispatch?.dueAt == null || dispatch.dueAt > now) return 'postponed';
    const change = (values: Partial<Dispatch>) =>
      transaction.update(tables.dispatch).set(values).where(sameDispatch(StudyInstanceUID, pipelineName));

    const pipeline = context.pipelines.get(pipelineName);
    if (pipeline === undefined) {
      await change({ dueAt: null, note: `There is no pipeline \`${pipelineName}\` here any more.` });
      return 'nothing';
    }
    const models = await resolveModels(pipeline, context.model);
    if (typeof models === 'string') {
      await change({ dueAt: new Date(now.getTime() + MODEL_WAIT_MS), note: models });
      return 'postponed';
    }
    const { admitted, notAdmitted } = await instancesOf(transaction, StudyInstanceUID, pipeline);
    if (admitted.length === 0 && !dispatch.onDemand) {
      await change({ dueAt: null, triggers: [], note: 'None of its instances is of a class that the pipeline takes.' });
      return 'nothing';
    }
    const plan = { pipeline, StudyInstanceUID, instances: admitted, notAdmitted, models };
    const { id, body, amends } = planAfter(plan, dispatch);
    const lastModels = modelsText(models);
    await change({ dueAt: null, triggers: [], lastRun: id, lastAmends: amends, lastModels, note: null });
    await transaction.insert(tables.outbox).values({ run: id, body, triggers: dispatch.triggers, nextAttemptAt: now });
    if (pipeline.longitudinal) await armOtherExams(transaction, { StudyInstanceUID, pipeline, lastModels, now });
    return 'run';
  });
}

/** The run of a plan: the last one again where nothing changed, else a new one that amends it. Pure. */
export function planAfter(
  plan: Omit<Parameters<typeof planRun>[0], 'amends'>,
  last: Pick<Dispatch, 'lastRun' | 'lastAmends'>,
) {
  const same = planRun({ ...plan, amends: last.lastAmends });
  if (last.lastRun === null || same.id === last.lastRun) return { ...same, amends: last.lastAmends };
  return { ...planRun({ ...plan, amends: last.lastRun }), amends: last.lastRun };
}

/** Alias → model, or the sentence that says which one is missing. */
export async function resolveModels(
  pipeline: Pipeline,
  find: CompletionContext['model'],
): Promise<Record<string, RunModel> | string> {
  const resolved: Record<string, RunModel> = {};
  for (const [alias, { name, version }] of Object.entries(pipeline.models)) {
    const model = await find(name, version);
    if (model === undefined) return `Waits for model ${name} ${version}, which is not in the store.`;
    resolved[alias] = model;
  }
  return resolved;
}

async function instancesOf(transaction: Transaction, StudyInstanceUID: string, pipeline: Pipeline) {
  const rows = await transaction
    .select()
    .from(tables.instance)
    .where(and(eq(tables.instance.studyInstanceUid, StudyInstanceUID), eq(tables.instance.own, false)));
  const admitted: RunInstance[] = [];
  const others = new Map<string, number>();
  for (const row of rows) {
    if (!pipeline.admits.SOPClassUID.includes(row.sopClassUid)) {
      others.set(row.sopClassUid, (others.get(row.sopClassUid) ?? 0) + 1);
      continue;
    }
    admitted.push({
      SOPInstanceUID: row.sopInstanceUid,
      SOPClassUID: row.sopClassUid,
      SeriesInstanceUID: row.seriesInstanceUid,
      object: {
        bucket: 'dicom',
        key: row.objectKey,
        sha256: row.objectSha256,
        size: row.objectSize,
        contentType: 'application/dicom',
      },
    });
  }
  return { admitted, notAdmitted: [...others].map(([SOPClassUID, instances]) => ({ SOPClassUID, instances })) };
}

function sameDispatch(StudyInstanceUID: string, pipeline: string) {
  return and(eq(tables.dispatch.studyInstanceUid, StudyInstanceUID), eq(tables.dispatch.pipeline, pipeline));
}
