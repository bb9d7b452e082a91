import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { Evaluation, Stage } from '../../schemas/evaluation.ts';
import { armsOf } from './current.ts';
import type { Participant } from './standing.ts';

/** An exam that somebody has to do something with. */
export interface ListedCase {
  readonly run: string;
  readonly studyInstanceUid: string;
  readonly stage: Stage;
  /** When the run was made. */
  readonly createdAt: Date;
}

/** What of an evaluation a person has to do, the longest waiting first, and how much they have done. */
export interface ReadingList {
  readonly cases: readonly ListedCase[];
  /** There are more than were listed. */
  readonly more: boolean;
  /** Exams that the person has sent everything for. */
  readonly done: number;
}

/**
 * The exams of an evaluation that wait for a person, at most `limit`: as `giveOut` has left them, which is to be called
 * before.
 */
export async function readingList(
  database: Database,
  evaluation: Evaluation,
  person: Participant,
  limit: number,
): Promise<ReadingList> {
  const { name, reading } = evaluation;
  const find = (list: string, who: SQL) => waiting(database, name, sql`list = ${list} and ${who}`, limit + 1);
  const own = sql`person = ${person.name} and ${inArmsOf(evaluation, person)}`;
  // Whoever has sent something of an exam has a row of their own.
  const everybodys = sql`person = '' and ${inArmsOf(evaluation, person)} and run not in (
    select mine.run from web.reader_case mine where mine.evaluation = ${name} and mine.person = ${person.name} and mine.given)`;
  const [quality, begun, fresh, open, adjudication, done] = await Promise.all([
    person.reviewsQuality ? find('quality', sql`person = ''`) : [],
    find('begun', own),
    find('fresh', own),
    reading.readersPerCase === 'all' ? find('fresh', everybodys) : [],
    person.adjudicates ? find('adjudication', sql`person = ''`) : [],
    countDone(database, evaluation, person),
  ]);
  // What was begun comes first.
  const cases = [...quality, ...begun, ...longestFirst([...fresh, ...open]), ...adjudication];
  return { cases: cases.slice(0, limit), more: cases.length > limit, done };
}

/** Of the arms in which the person may read. */
function inArmsOf(evaluation: Evaluation, person: Participant): SQL {
  const reads = armsOf(evaluation).filter(
    ({ evaluation: { reading } }) => person.reads && (reading.mode === 'model-shown' || person.readsBlinded),
  );
  return sql`arm = any(${sql.param(reads.map(({ arm }) => arm?.name ?? ''))}::text[])`;
}

const longestFirst = (cases: readonly ListedCase[]) =>
  cases.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());

async function waiting({ db }: Database, evaluation: string, which: SQL, limit: number): Promise<ListedCase[]> {
  const rows = await db.execute<{ run: string; study_instance_uid: string; stage: Stage; since: string }>(sql`
    select run, study_instance_uid, stage, since from web.reader_case
    where evaluation = ${evaluation} and ${which} order by since limit ${limit}`);
  return rows.map((row) => ({
    run: row.run,
    studyInstanceUid: row.study_instance_uid,
    stage: row.stage,
    createdAt: new Date(row.since),
  }));
}

async function countDone({ db }: Database, { name }: Evaluation, person: Participant): Promise<number> {
  const [row] = await db.execute<{ done: number }>(sql`select coalesce(sum(done), 0)::int as done from web.reader_tally
    where evaluation = ${name} and person = ${person.name}`);
  return row?.done ?? 0;
}
