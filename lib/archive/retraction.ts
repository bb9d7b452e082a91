import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { delivery, patient, study, withdrawal } from '../../schemas/database/archive.ts';
import type { ShownExams } from '../../schemas/delivery.ts';
import type { TrendEntry } from '../../schemas/trend.ts';
import type { Database } from '../database/connection.ts';

/** What goes to a receiver, or waits for it: whose results, and on which exams. */
export interface Speaking {
  readonly pipeline: string;
  readonly shows: ShownExams;
}

/** A database or a transaction in it. */
type Retracting = Pick<Database['db'], 'insert' | 'update'>;

/**
 * Keeps the last word on whether a pipeline's results on an exam count. A withdrawal stops at once, and for good, what still
 * waits for a receiver; the end of one sends nothing that was stopped. Call it in the transaction that keeps what was said.
 *
 * @returns number of objects that were stopped
 */
export async function sayOfExam(
  db: Retracting,
  { id, pipeline, studyInstanceUid, kind, reason, createdAt }: TrendEntry,
): Promise<number> {
  if (kind === 'baseline') return 0;
  const said = { kind, reason, saidAt: new Date(createdAt), entry: id };
  await db
    .insert(withdrawal)
    .values({ pipeline, studyInstanceUid, ...said })
    .onConflictDoUpdate({
      target: [withdrawal.pipeline, withdrawal.studyInstanceUid],
      set: said,
      setWhere: sql`(${withdrawal.saidAt}, ${withdrawal.entry}) < (excluded.said_at, excluded.entry)`,
    });
  if (kind === 'restored') return 0;
  return stop(db, and(eq(delivery.pipeline, pipeline), speaksOf([studyInstanceUid])), withdrawn(reason));
}

/**
 * Stops, for good, what waits for a receiver and speaks of exams that have come to another patient; of patients of whom
 * other exams have come or gone, what follows them over time.
 *
 * @param moved StudyInstanceUIDs of exams that are of another patient now
 * @param joined of all exams of the patients who were touched
 * @returns number of objects that were stopped
 */
export async function stopMoved(
  db: Retracting,
  { moved, joined }: { readonly moved: readonly string[]; readonly joined: readonly string[] },
): Promise<number> {
  const first = moved.length === 0 ? 0 : await stop(db, speaksOf(moved), MOVED);
  if (joined.length === 0) return first;
  const follows = sql`${delivery.shows} ? 'patientChangedAt'`;
  return first + (await stop(db, and(follows, speaksOf(joined)), CHANGED));
}

/**
 * Why an object must go to no receiver now, as a sentence: an exam of it was withdrawn, or is of another patient than it
 * says. Null where it holds. To be asked when it is queued, and again before each attempt to send it.
 */
export async function whyRetracted(
  { db }: { readonly db: Pick<Database['db'], 'select'> },
  { pipeline, shows: { exams, patientChangedAt } }: Speaking,
): Promise<string | null> {
  const [own] = exams;
  if (own === undefined) return UNKNOWN;
  const [said] = await db
    .select({ reason: withdrawal.reason })
    .from(withdrawal)
    .where(
      and(
        eq(withdrawal.pipeline, pipeline),
        inArray(withdrawal.studyInstanceUid, [...exams]),
        eq(withdrawal.kind, 'withdrawn'),
      ),
    )
    .limit(1);
  if (said !== undefined) return withdrawn(said.reason);
  const held = await db
    .select({
      exam: study.studyInstanceUid,
      person: study.person,
      stated: study.patient,
      changedAt: patient.changedAt,
    })
    .from(study)
    .innerJoin(patient, eq(patient.id, study.person))
    .where(inArray(study.studyInstanceUid, [...exams]));
  if (new Set(held.map(({ person }) => person)).size > 1) return MOVED;
  const lies = held.find(({ exam }) => exam === own);
  if (lies === undefined) return null;
  if (lies.person !== lies.stated) return RESTATED;
  const changedAt = lies.changedAt?.toISOString() ?? null;
  return patientChangedAt === undefined || patientChangedAt === changedAt ? null : CHANGED;
}

async function stop(db: Retracting, which: SQL | undefined, reason: string): Promise<number> {
  const stopped = await db
    .update(delivery)
    .set({ state: 'refused', reason })
    .where(and(eq(delivery.state, 'waiting'), which))
    .returning({ receiver: delivery.receiver });
  return stopped.length;
}

const speaksOf = (exams: readonly string[]): SQL =>
  sql`jsonb_exists_any(${delivery.shows}->'exams', ${sql.param([...exams])}::text[])`;

const withdrawn = (reason: string) => `An exam whose result it shows was withdrawn: ${reason}`;
const MOVED =
  'An exam whose result it shows is of another patient since patients were merged or exams were moved: it would name the wrong one.';
const RESTATED =
  'The images of its exam state another patient than the archive knows for them since patients were merged or corrected. Send the corrected images first.';
const CHANGED =
  'The exams of this patient have changed since it was made: patients were merged, or an exam was moved. Look at the trend as it is now, and send that.';
const UNKNOWN = 'It was queued when nobody wrote down of which exams it is. Send it again.';
