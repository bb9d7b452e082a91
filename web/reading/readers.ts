import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Transaction } from '../../lib/database/connection.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { assignment, audit } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { Uid } from '../../schemas/scalars.ts';
import type { AuditAction } from '../audit/audit.ts';
import {
  assignReaders,
  barredFrom,
  lockAssignments,
  participantsOf,
  readersAmong,
  release,
  unread,
  unreadOf,
} from './assign.ts';
import { armsOf, currentRuns, onOneOf, type ReadIn } from './current.ts';
import { type Giving, giveOut } from './give-out.ts';

const Share = z.object({ given: z.int(), unread: z.int() });

/** Answer of `GET /api/v1/evaluations/<name>/readers`. */
export const ReadersView = z.object({
  evaluation: z.string(),
  /** Readers of each exam, and how they are chosen. */
  readersPerCase: z.union([z.literal('all'), z.int()]),
  assignment: z.enum(['all', 'balanced', 'random']),
  readers: z.array(
    z.object({
      reader: z.string(),
      /** May still read here. */
      reads: z.boolean(),
      /** Exams that were given to the reader, and those of them of which nothing was sent; null: everybody reads all. */
      exams: Share.nullable(),
      /** The same in each arm. */
      arms: z.array(Share.extend({ arm: z.string() })),
    }),
  ),
});
export type ReadersView = z.infer<typeof ReadersView>;

/** Body of `POST /api/v1/evaluations/<name>/reassignments`. */
export const ReassignmentSubmission = z.strictObject({
  from: z.string().min(1).max(40),
  /** Left out: the exams are shared out among the other readers. */
  to: z.string().min(1).max(40).optional(),
  /** Only this exam. */
  studyInstanceUid: Uid.optional(),
  reason: z.string().trim().min(1).max(500),
});
export type ReassignmentSubmission = z.infer<typeof ReassignmentSubmission>;

/** Answer to it. */
export const ReassignmentView = z.object({
  /** Exams that were taken from the reader. */
  taken: z.int(),
  /** Unread exams that stay, since the other reader has them already, or may not read them. */
  left: z.int(),
});
export type ReassignmentView = z.infer<typeof ReassignmentView>;

/** Who reads in an evaluation, with what was given to each. */
export async function readersOfEvaluation(parts: Giving, evaluation: Evaluation): Promise<ReadersView> {
  await giveOut(parts, evaluation);
  const { name, reading } = evaluation;
  const people = await participantsOf(parts, evaluation);
  const isShared = reading.readersPerCase !== 'all';
  const arms = await Promise.all(
    armsOf(evaluation).map(async ({ evaluation: own, arm, holds }) => ({
      arm: arm?.name,
      readers: readersAmong(people, own),
      shares: isShared ? await sharesIn(parts, { evaluation: own, arm, holds }) : [],
    })),
  );
  const names = new Set(arms.flatMap(({ readers, shares }) => [...readers, ...shares.map(({ reader }) => reader)]));
  const readers = [...names].sort().map((reader) => {
    const own = arms.flatMap(({ arm, shares }) => {
      const { given = 0, unread: open = 0 } = shares.find((share) => share.reader === reader) ?? {};
      return [{ arm, given, unread: open }];
    });
    const total = (of: 'given' | 'unread') => own.reduce((sum, one) => sum + one[of], 0);
    return {
      reader,
      reads: arms.some((one) => one.readers.includes(reader)),
      exams: isShared ? { given: total('given'), unread: total('unread') } : null,
      arms: isShared ? own.flatMap(({ arm, ...share }) => (arm === undefined ? [] : [{ arm, ...share }])) : [],
    };
  });
  const by = isShared ? (reading.assignment ?? 'balanced') : 'all';
  return { evaluation: name, readersPerCase: reading.readersPerCase, assignment: by, readers };
}

interface ReaderShare extends Record<string, unknown> {
  readonly reader: string;
  readonly given: number;
  readonly unread: number;
}

async function sharesIn({ database }: Giving, { evaluation, arm, holds }: ReadIn): Promise<readonly ReaderShare[]> {
  const { name, reading } = evaluation;
  if (reading.mode !== 'blinded') {
    return database.db.execute<ReaderShare>(sql`select person as reader, given, unread from web.reader_tally
      where evaluation = ${name} and arm = ${arm?.name ?? ''} and given > 0`);
  }
  return database.db.execute<ReaderShare>(sql`
    select x.reader, count(*)::int as given, count(*) filter (where ${unread(evaluation)})::int as unread
    from (${currentRuns(evaluation)} and ${holds}) r
    join web.assignment x on x.evaluation = ${name} and x.study_instance_uid = r.study_instance_uid
    where x.released_at is null group by x.reader`);
}

/**
 * Takes exams of which a reader has sent nothing from that reader, and gives them to another, or to the others. What the
 * reader has begun to answer stays theirs.
 *
 * @param by who decides it
 * @throws {ProblemError} 409 everybody reads all; 422 the other is no reader here, or there is nothing to take
 */
export async function reassign(
  parts: Giving,
  evaluation: Evaluation,
  { from, to, studyInstanceUid, reason }: ReassignmentSubmission,
  by: string,
): Promise<ReassignmentView> {
  if (evaluation.reading.readersPerCase === 'all') {
    throw new ProblemError(409, 'Nothing to give', 'In this evaluation every reader reads every exam.');
  }
  if (from === to)
    throw new ProblemError(422, 'The same reader', 'Choose another reader than the one who has the exams.');
  const people = await participantsOf(parts, evaluation);
  const now = parts.now();
  const moved = await parts.database.db.transaction(async (transaction) => {
    await lockAssignments(transaction, evaluation);
    const only = onOneOf(studyInstanceUid === undefined ? undefined : [studyInstanceUid]);
    const [taken, left]: [string[], string[]] = [[], []];
    for (const arm of armsOf(evaluation)) {
      const open = await unreadOf(transaction, arm, from, only);
      const held = to === undefined ? [] : await closedTo(transaction, evaluation, to);
      const mayTake = to === undefined || readersAmong(people, arm.evaluation).includes(to);
      taken.push(...open.filter((study) => mayTake && !held.includes(study)));
      left.push(...open.filter((study) => !mayTake || held.includes(study)));
    }
    await release(transaction, evaluation, { studies: taken, reader: from, reason, now });
    if (taken.length === 0) return { taken, left };
    if (to !== undefined) {
      const given = { reader: to, givenBy: by, createdAt: now, releasedAt: null, releaseReason: null };
      await transaction
        .insert(assignment)
        .values(taken.map((study) => ({ evaluation: evaluation.name, studyInstanceUid: study, ...given })))
        .onConflictDoUpdate({
          target: [assignment.evaluation, assignment.studyInstanceUid, assignment.reader],
          set: given,
        });
    }
    const action: AuditAction = 'reading-reassigned';
    const detail = `from ${from} to ${to ?? 'the others'}: ${reason}`;
    const rows = taken.map((subject) => ({ at: now, actor: by, action, subject, detail, evaluation: evaluation.name }));
    await transaction.insert(audit).values(rows);
    return { taken, left };
  });
  if (moved.taken.length + moved.left.length === 0) {
    throw new ProblemError(422, 'Nothing to give', `${from} has no exam here of which nothing was sent.`);
  }
  if (moved.taken.length === 0) {
    throw new ProblemError(422, 'Nobody to give it to', `${to} is no reader of these exams, or has them already.`);
  }
  await assignReaders(parts, evaluation, moved.taken);
  return { taken: moved.taken.length, left: moved.left.length };
}

/** Exams that a reader has already, or must not read. */
async function closedTo(transaction: Transaction, evaluation: Evaluation, reader: string): Promise<string[]> {
  const rows = await transaction.execute<{
    study_instance_uid: string;
  }>(sql`select study_instance_uid from web.assignment
    where evaluation = ${evaluation.name} and reader = ${reader} and released_at is null
    union select study_instance_uid from (${barredFrom(evaluation, [reader])}) barred`);
  return rows.map((row) => row.study_instance_uid);
}
