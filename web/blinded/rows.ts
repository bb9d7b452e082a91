import { eq } from 'drizzle-orm';
import { blindedCopy } from '../../schemas/database/web.ts';
import type { Evaluation, FeedbackAnswer, ReviewTime } from '../../schemas/evaluation.ts';
import type { Parts } from '../parts.ts';
import { findRun } from '../runs/runs.ts';
import { type Copy, withdrawnExams } from './copies.ts';
import { MODEL } from './exams.ts';

/** Which answers count, as a person reads it. */
export const RULE =
  'Of each reader and segmentation the newest version of the answers counts, if it was given to the form in effect; exams that were ' +
  'withdrawn do not count. How long a read took is told of its first version. A segmentation stays the one that readers were given, ' +
  'also where its run was amended later.';

/** A form that somebody sent about a copy. */
export interface BlindedEntry {
  readonly copy: Copy;
  readonly id: string;
  readonly author: string;
  readonly version: number;
  readonly evaluationVersion: string;
  readonly counted: boolean;
  readonly reason: string | null;
  readonly answers: readonly FeedbackAnswer[];
  readonly reviewTime: ReviewTime | null;
  readonly createdAt: Date;
}

/** The copies of an evaluation, by exam in the order in which they were given to readers; withdrawn exams left out. */
export async function copiesOf(
  { database }: Pick<Parts, 'database'>,
  { name, pipeline }: Pick<Evaluation, 'name' | 'pipeline'>,
): Promise<Copy[]> {
  const [copies, withdrawn] = await Promise.all([
    database.db
      .select()
      .from(blindedCopy)
      .where(eq(blindedCopy.evaluation, name))
      .orderBy(blindedCopy.createdAt, blindedCopy.studyInstanceUid, blindedCopy.source),
    withdrawnExams(database, pipeline),
  ]);
  return copies.filter(({ studyInstanceUid }) => !withdrawn.has(studyInstanceUid));
}

/** Everything that was sent about these copies, oldest first. */
export async function entriesOf(
  { database }: Pick<Parts, 'database'>,
  { name, version }: Pick<Evaluation, 'name' | 'version'>,
  copies: readonly Copy[],
): Promise<BlindedEntry[]> {
  const known = new Map(copies.map((copy) => [copy.id, copy]));
  const rows = await database.sql<(Omit<BlindedEntry, 'copy'> & { readonly run: string })[]>`
    select id, run, author, version, evaluation_version as "evaluationVersion", reason, answers,
      review_time as "reviewTime", created_at as "createdAt",
      evaluation_version = ${version} and version = max(version) filter (where evaluation_version = ${version})
        over (partition by run, author) as counted
    from web.feedback where evaluation = ${name} and stage = 'blinded' order by created_at, id`;
  return rows.flatMap(({ run, ...entry }) => {
    const copy = known.get(run);
    return copy === undefined ? [] : [{ ...entry, copy }];
  });
}

/** Minutes that a segmentation took: as who brought it in has said; of the model from the beginning of its run to its end. */
export async function minutesOf({ database }: Pick<Parts, 'database'>, copy: Copy): Promise<number | null> {
  const run = await findRun(database, copy.run);
  if (run === undefined) return null;
  if (copy.source !== MODEL) return run.result?.kind === 'segmentation' ? (run.result.imported?.minutes ?? null) : null;
  return run.finishedAt === null ? null : (Date.parse(run.finishedAt) - Date.parse(run.createdAt)) / 60_000;
}
