import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { Evaluation, Stage } from '../../schemas/evaluation.ts';
import { type Participant, stagesOf } from './standing.ts';

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

/** The exams of an evaluation that wait for a person, at most `limit`. */
export async function readingList(
  database: Database,
  evaluation: Evaluation,
  person: Participant,
  limit: number,
): Promise<ReadingList> {
  const [quality, reading, adjudication, done] = await Promise.all([
    person.reviewsQuality && evaluation.reading.qualityReview !== undefined
      ? waitingForQuality(database, evaluation, limit + 1)
      : [],
    waitingForReader(database, evaluation, person, limit + 1),
    person.adjudicates ? waitingForDecision(database, evaluation, limit + 1) : [],
    countDone(database, evaluation, person),
  ]);
  const cases = [...quality, ...reading, ...adjudication];
  return { cases: cases.slice(0, limit), more: cases.length > limit, done };
}

/** Runs that count: of the pipeline, with a result, newest of their exam, no replay. */
export function currentRuns({ pipeline }: Evaluation): SQL {
  return sql`select r.id, r.study_instance_uid, r.created_at from web.run r
    where r.pipeline = ${pipeline} and r.readable
      and not exists (select 1 from web.run n where n.amends = r.id)`;
}

/** Whether a quality reviewer let the run of the outer query through. */
export function passedQuality({ name, reading }: Evaluation): SQL {
  const { qualityReview } = reading;
  if (qualityReview === undefined) return sql`true`;
  return sql`exists (select 1 from web.feedback q, jsonb_array_elements(q.answers) a
    where q.run = r.id and q.evaluation = ${name} and q.stage = 'quality'
      and a->>'question' = ${qualityReview.question} and a->>'value' in ${qualityReview.passes}
      and not exists (select 1 from web.feedback later where later.run = q.run and later.evaluation = q.evaluation
        and later.author = q.author and later.stage = q.stage and later.version > q.version))`;
}

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly study_instance_uid: string;
  readonly created_at: string;
}

const listed = (rows: readonly Row[], stage: Stage): ListedCase[] =>
  rows.map((row) => ({
    run: row.id,
    studyInstanceUid: row.study_instance_uid,
    stage,
    createdAt: new Date(row.created_at),
  }));

const sentBy = (evaluation: Evaluation, author: string, stage: Stage) =>
  sql`exists (select 1 from web.feedback f where f.run = r.id and f.evaluation = ${evaluation.name}
    and f.author = ${author} and f.stage = ${stage})`;

async function waitingForQuality(database: Database, evaluation: Evaluation, limit: number): Promise<ListedCase[]> {
  const rows = await database.db.execute<Row>(sql`${currentRuns(evaluation)}
    and not exists (select 1 from web.feedback f where f.run = r.id and f.evaluation = ${evaluation.name} and f.stage = 'quality')
    order by r.created_at limit ${limit}`);
  return listed(rows, 'quality');
}

async function waitingForReader(
  database: Database,
  evaluation: Evaluation,
  person: Participant,
  limit: number,
): Promise<ListedCase[]> {
  const { reading } = evaluation;
  if (!person.reads || (reading.mode !== 'model-shown' && !person.readsBlinded)) return [];
  const stages = stagesOf(reading);
  const cases: ListedCase[] = [];
  // What was begun comes first: the stages from the last.
  for (const [index, stage] of [...stages.entries()].toReversed()) {
    const before = stages[index - 1];
    const begun = before === undefined ? sql`true` : sentBy(evaluation, person.name, before);
    const mine =
      reading.readersPerCase === 'all'
        ? sql`true`
        : sql`exists (select 1 from web.assignment x where x.evaluation = ${evaluation.name}
            and x.study_instance_uid = r.study_instance_uid and x.reader = ${person.name})`;
    const rows = await database.db.execute<Row>(sql`${currentRuns(evaluation)} and ${begun} and ${mine}
      and not ${sentBy(evaluation, person.name, stage)} and ${passedQuality(evaluation)}
      order by r.created_at limit ${limit}`);
    cases.push(...listed(rows, stage));
  }
  return cases;
}

/** As `disagreements` finds them, among however many exams. */
async function waitingForDecision(database: Database, evaluation: Evaluation, limit: number): Promise<ListedCase[]> {
  const { name, reading } = evaluation;
  if (reading.adjudicate.length === 0) return [];
  const [first] = stagesOf(reading);
  const apart = sql`select f.run from web.feedback f, jsonb_array_elements(f.answers) a
    where f.evaluation = ${name} and f.stage = ${first} and a->>'question' in ${reading.adjudicate}
      and not exists (select 1 from web.feedback later where later.run = f.run and later.evaluation = f.evaluation
        and later.author = f.author and later.stage = f.stage and later.version > f.version)
    group by f.run, a->>'question', a->>'subject' having count(distinct a->'value') > 1`;
  const rows = await database.db.execute<Row>(sql`${currentRuns(evaluation)} and r.id in (${apart})
    and not exists (select 1 from web.feedback d
      where d.run = r.id and d.evaluation = ${name} and d.stage = 'adjudication')
    order by r.created_at limit ${limit}`);
  return listed(rows, 'adjudication');
}

async function countDone(database: Database, { name, reading }: Evaluation, person: Participant): Promise<number> {
  const last = stagesOf(reading).at(-1);
  const [row] = await database.db.execute<{
    done: number;
  }>(sql`select count(distinct run)::int as done from web.feedback
    where evaluation = ${name} and author = ${person.name} and stage in (${last}, 'quality', 'adjudication')`);
  return row?.done ?? 0;
}
