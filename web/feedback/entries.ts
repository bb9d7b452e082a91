import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import { audit, feedback, feedbackDraft, outbox } from '../../schemas/database/web.ts';
import type { Evaluation, Feedback, FeedbackAnswer, ReviewTime, Stage } from '../../schemas/evaluation.ts';

/** Whose answers to what. */
export interface Place {
  readonly run: string;
  readonly evaluation: string;
  readonly author: string;
  readonly stage: Stage;
}

export interface Submission {
  /** Chosen by the sender: the same id again is the same entry. */
  readonly id: string;
  readonly run: string;
  readonly evaluation: Evaluation;
  readonly stage: Stage;
  readonly author: string;
  readonly answers: readonly FeedbackAnswer[];
  /** The answers are the model's own, taken over by one act. */
  readonly agreedWithAll: boolean;
  readonly reviewTime: ReviewTime | null;
  readonly reason: string | null;
  readonly now: Date;
}

/** What was sent for a run, oldest first; of one author or of all, at one stage or at all. */
export async function listFeedback(
  database: Database,
  {
    run,
    evaluation,
    author,
    stage,
  }: { run: string; evaluation: string; author?: string | undefined; stage?: Stage | undefined },
): Promise<Feedback[]> {
  const rows = await database.db
    .select()
    .from(feedback)
    .where(
      and(
        eq(feedback.run, run),
        eq(feedback.evaluation, evaluation),
        author === undefined ? undefined : eq(feedback.author, author),
        stage === undefined ? undefined : eq(feedback.stage, stage),
      ),
    )
    .orderBy(asc(feedback.createdAt), asc(feedback.version));
  return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
}

/**
 * Keeps answers for good, and in the same transaction the order to write them to the store. Sending the same entry again
 * answers the entry that is there.
 *
 * @throws {ProblemError} 409 the id belongs to other answers; the author has sent before and gives no reason, or the reverse
 */
export async function sendFeedback(
  database: Database,
  submission: Submission,
): Promise<{ entry: Feedback; isNew: boolean }> {
  const { id, run, evaluation, stage, author, reason, now } = submission;
  const place: Place = { run, evaluation: evaluation.name, stage, author };
  return database.db.transaction(async (transaction) => {
    await lockEntries(transaction, place);
    const [same] = await transaction.select().from(feedback).where(eq(feedback.id, id));
    if (same !== undefined) {
      const known: Feedback = { ...same, createdAt: same.createdAt.toISOString() };
      if (isSame(known, submission)) return { entry: known, isNew: false };
      throw new ProblemError(409, 'Already used', 'This id belongs to other answers. Choose a new one.');
    }
    const { version, createdAt } = feedback;
    const earlier = await transaction.select({ version, createdAt }).from(feedback).where(at(feedback, place));
    if (earlier.length > 0 && reason === null) {
      throw new ProblemError(409, 'Already sent', 'You have sent answers for this run. A correction needs a reason.');
    }
    if (earlier.length === 0 && reason !== null) {
      throw new ProblemError(
        409,
        'Nothing to correct',
        'You have not sent answers for this run, so there is no reason to give.',
      );
    }
    if (earlier.length > 0 && isLocked(evaluation, stage)) {
      throw new ProblemError(409, 'Locked', 'A read before the model was shown stays as it was sent.');
    }
    const entry = {
      id,
      ...place,
      evaluationVersion: evaluation.version,
      version: 1 + Math.max(0, ...earlier.map((one) => one.version)),
      reason,
      answers: [...submission.answers],
      agreedWithAll: submission.agreedWithAll,
      reviewTime: submission.reviewTime,
      // Never before what it corrects: the clock may have been set back.
      createdAt: new Date(Math.max(now.getTime(), ...earlier.map((one) => one.createdAt.getTime()))),
    };
    const made = await transaction.insert(feedback).values(entry).onConflictDoNothing().returning();
    if (made.length === 0) {
      throw new ProblemError(
        409,
        'Sent twice',
        'You have just sent answers for this run from another page. Open it again.',
      );
    }
    const shown: Feedback = { ...entry, createdAt: entry.createdAt.toISOString() };
    const key = `${evaluation.name}/${run}/${id}.json`;
    await transaction.insert(outbox).values({ key, body: canonicalJson(shown), createdAt: now });
    await transaction
      .insert(audit)
      .values({ at: now, actor: author, action: 'feedback-sent', subject: run, evaluation: evaluation.name });
    await transaction.delete(feedbackDraft).where(at(feedbackDraft, place));
    return { entry: shown, isNew: true };
  });
}

/** One after the other: of two clicks at one moment the second finds the entry of the first. */
async function lockEntries(transaction: Pick<Database['db'], 'execute'>, { run, author }: Place): Promise<void> {
  await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`web.feedback ${run} ${author}`}, 0))`);
}

/** A form as far as it is filled in. */
export interface Draft {
  /** Id of the entry that it becomes. */
  readonly id: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
  readonly now: Date;
}

/**
 * Keeps what has been entered so far, in place of what was kept before.
 *
 * @returns false where its form was sent already: it is late, not new, and would be taken for a correction that was begun
 */
export async function saveDraft(database: Database, place: Place, { id, fields, now }: Draft): Promise<boolean> {
  return database.db.transaction(async (transaction) => {
    await lockEntries(transaction, place);
    const sent = await transaction.select({ id: feedback.id }).from(feedback).where(at(feedback, place));
    if (sent.some((entry) => entry.id === id)) return false;
    const row = { fields: { ...fields }, savedAt: now };
    await transaction
      .insert(feedbackDraft)
      .values({ ...place, ...row })
      .onConflictDoUpdate({
        target: [feedbackDraft.run, feedbackDraft.evaluation, feedbackDraft.author, feedbackDraft.stage],
        set: row,
      });
    return true;
  });
}

/** What an author has entered and not sent. */
export async function findDraft(database: Database, place: Place) {
  const [draft] = await database.db
    .select({ fields: feedbackDraft.fields, savedAt: feedbackDraft.savedAt })
    .from(feedbackDraft)
    .where(at(feedbackDraft, place));
  return draft;
}

/** The newest of what an author has entered and not sent about these runs. */
export async function newestDraft(
  database: Database,
  { evaluation, author }: Pick<Place, 'evaluation' | 'author'>,
  runs: readonly string[],
) {
  if (runs.length === 0) return undefined;
  const [draft] = await database.db
    .select({ run: feedbackDraft.run, stage: feedbackDraft.stage, fields: feedbackDraft.fields })
    .from(feedbackDraft)
    .where(
      and(
        inArray(feedbackDraft.run, [...runs]),
        eq(feedbackDraft.evaluation, evaluation),
        eq(feedbackDraft.author, author),
      ),
    )
    .orderBy(desc(feedbackDraft.savedAt))
    .limit(1);
  return draft;
}

/** Whether what was sent at a stage can no longer be corrected: the model has been shown since. */
export function isLocked({ reading }: Evaluation, stage: Stage): boolean {
  return stage === 'unaided' && reading.mode === 'unaided-first';
}

/** Rows of a table of drafts or of entries at a place. */
function at(table: typeof feedback | typeof feedbackDraft, { run, evaluation, author, stage }: Place) {
  return and(eq(table.run, run), eq(table.evaluation, evaluation), eq(table.author, author), eq(table.stage, stage));
}

function isSame(entry: Feedback, submission: Submission): boolean {
  const content = ({
    run,
    stage,
    author,
    answers,
    reason,
  }: Pick<Submission, 'run' | 'stage' | 'author' | 'answers' | 'reason'>) =>
    canonicalJson({ run, stage, author, answers, reason });
  return content(entry) === content(submission);
}
