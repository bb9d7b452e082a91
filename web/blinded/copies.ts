import { and, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { allocation, assignment, blindedCopy, feedback } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { Sha256 } from '../../schemas/scalars.ts';
import { inOrderFor } from './identity.ts';

/** A copy as the database has it: `source` and `run` are for nobody but who leads the evaluation. */
export type Copy = typeof blindedCopy.$inferSelect;

/** What a reader has to do with a copy now. */
export type CopyState = 'asked' | 'sent' | 'later';

/** A copy as one reader has it. */
export interface ReadersCopy {
  readonly copy: Copy;
  /** Its place among those of the exam, from 1. */
  readonly number: number;
  readonly state: CopyState;
}

/** A copy by its id; undefined where there is none. */
export async function findCopy(database: Database, id: string): Promise<Copy | undefined> {
  if (!Sha256.safeParse(id).success) return undefined;
  const [copy] = await database.db.select().from(blindedCopy).where(eq(blindedCopy.id, id));
  return copy;
}

/** Exams of an evaluation that somebody has withdrawn: nobody is asked about them. */
export async function withdrawnExams({ sql }: Pick<Database, 'sql'>, pipeline: string): Promise<ReadonlySet<string>> {
  const rows = await sql<{ study: string }[]>`select study_instance_uid as study from (
      select distinct on (study_instance_uid) study_instance_uid, kind from web.trend_entry
      where pipeline = ${pipeline} and kind in ('withdrawn', 'restored')
      order by study_instance_uid, created_at desc, id desc
    ) said where kind = 'withdrawn'`;
  return new Set(rows.map(({ study }) => study));
}

/**
 * Who has looked at a result of which exam of a pipeline, with a role that they may have lost since: they could know whose a
 * segmentation is. The audit knows every look.
 *
 * @returns `select distinct study_instance_uid, reader from web.audit a … where …`, to go on with `and …`
 */
export function looksAt({ pipeline }: Pick<Evaluation, 'pipeline'>): SQL {
  return sql`select distinct seen.study_instance_uid, a.actor as reader
    from web.audit a join web.run seen on seen.id = split_part(a.subject, '/', 1)
    where a.action in ('run-viewed', 'result-downloaded', 'trend-viewed', 'segmentation-edited', 'feedback-sent')
      and coalesce(seen.view->'imported'->>'pipeline', seen.pipeline) = ${pipeline}`;
}

/** Exams of which a person has looked at a result. */
export async function seenExams(
  { db }: Pick<Database, 'db'>,
  evaluation: Pick<Evaluation, 'pipeline'>,
  reader: string,
): Promise<ReadonlySet<string>> {
  const rows = await db.execute<{ study_instance_uid: string }>(sql`${looksAt(evaluation)} and a.actor = ${reader}`);
  return new Set(rows.map((row) => row.study_instance_uid));
}

/**
 * The copies that a reader has, exam by exam, the longest waiting first, and of each exam in the order that is the reader's
 * own. Of an exam one is asked about, and the next one when that was sent. Where not everybody reads everything, those of the
 * exams that were given to the reader, or that the reader has begun; where there are arms, of exams that have come to one.
 *
 * @param StudyInstanceUID of one exam; left out: of all
 */
export async function copiesFor(
  { database, blindingKey }: { readonly database: Database; readonly blindingKey: Buffer },
  { name, pipeline, reading }: Evaluation,
  reader: string,
  StudyInstanceUID?: string,
): Promise<Map<string, ReadersCopy[]>> {
  const ofExam = StudyInstanceUID === undefined ? undefined : eq(blindedCopy.studyInstanceUid, StudyInstanceUID);
  const [copies, sent, withdrawn, given, arms] = await Promise.all([
    database.db
      .select()
      .from(blindedCopy)
      .where(and(eq(blindedCopy.evaluation, name), ofExam))
      .orderBy(blindedCopy.createdAt, blindedCopy.studyInstanceUid),
    database.db
      .selectDistinct({ id: feedback.run })
      .from(feedback)
      .where(and(eq(feedback.evaluation, name), eq(feedback.author, reader))),
    withdrawnExams(database, pipeline),
    reading.readersPerCase === 'all' ? undefined : examsGivenTo(database, name, reader),
    reading.arms === undefined ? undefined : armsOfCopies(database, name),
  ]);
  const isInArm = (study: string) => arms === undefined || reading.arms?.some((arm) => arm.name === arms.get(study));

  const done = new Set(sent.map(({ id }) => id));
  const exams = new Map<string, Copy[]>();
  for (const copy of copies.filter(({ studyInstanceUid }) => !withdrawn.has(studyInstanceUid))) {
    exams.set(copy.studyInstanceUid, [...(exams.get(copy.studyInstanceUid) ?? []), copy]);
  }
  const isTheirs = ([study, of]: [string, Copy[]]) =>
    isInArm(study) && (given === undefined || given.has(study) || of.some(({ id }) => done.has(id)));
  const theirs = [...exams].filter(isTheirs);
  return new Map(theirs.map(([study, of]) => [study, inTurn(inOrderFor(blindingKey, reader, of), done)]));
}

/** Which arm of an evaluation each exam came to. */
export async function armsOfCopies(
  { db }: Pick<Database, 'db'>,
  evaluation: string,
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .select({ study: allocation.studyInstanceUid, arm: allocation.arm })
    .from(allocation)
    .where(eq(allocation.evaluation, evaluation));
  return new Map(rows.map(({ study, arm }) => [study, arm]));
}

async function examsGivenTo({ db }: Database, evaluation: string, reader: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ study: assignment.studyInstanceUid })
    .from(assignment)
    .where(and(eq(assignment.evaluation, evaluation), eq(assignment.reader, reader), isNull(assignment.releasedAt)));
  return new Set(rows.map(({ study }) => study));
}

function inTurn(copies: readonly Copy[], done: ReadonlySet<string>): ReadersCopy[] {
  const next = copies.find(({ id }) => !done.has(id));
  return copies.map((copy, index) => ({
    copy,
    number: index + 1,
    state: done.has(copy.id) ? 'sent' : copy === next ? 'asked' : 'later',
  }));
}
