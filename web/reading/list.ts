import { sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { Evaluation, Stage } from '../../schemas/evaluation.ts';
import { armsOf, currentRuns, passedQuality, type ReadIn } from './current.ts';
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
  const arms = armsOf(evaluation);
  const [quality, reading, adjudication, done] = await Promise.all([
    person.reviewsQuality && evaluation.reading.qualityReview !== undefined
      ? waitingForQuality(database, evaluation, limit + 1)
      : [],
    Promise.all(arms.map((arm) => waitingForReader(database, arm, person, limit + 1))),
    person.adjudicates ? Promise.all(arms.map((arm) => waitingForDecision(database, arm, limit + 1))) : [],
    countDone(database, evaluation, person),
  ]);
  // Not arm by arm, which would tell them apart and let the last wait. What was begun comes first.
  const cases = [
    ...quality,
    ...longestFirst(reading.flatMap(({ begun }) => begun)),
    ...longestFirst(reading.flatMap(({ fresh }) => fresh)),
    ...longestFirst(adjudication.flat()),
  ];
  return { cases: cases.slice(0, limit), more: cases.length > limit, done };
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

/** Whether somebody has sent it for this run, or for another run on the exam: then they have been shown a result of the model. */
const hasSent = (evaluation: Evaluation, author: string, stage: Stage) =>
  sql`exists (select 1 from web.feedback f join web.run o on o.id = f.run where o.study_instance_uid = r.study_instance_uid
    and o.pipeline = ${evaluation.pipeline} and f.evaluation = ${evaluation.name} and f.author = ${author} and f.stage = ${stage})`;

const longestFirst = (cases: readonly ListedCase[]) =>
  cases.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());

async function waitingForQuality(database: Database, evaluation: Evaluation, limit: number): Promise<ListedCase[]> {
  const rows = await database.db.execute<Row>(sql`${currentRuns(evaluation)}
    and not exists (select 1 from web.feedback f where f.run = r.id and f.evaluation = ${evaluation.name} and f.stage = 'quality')
    order by r.created_at limit ${limit}`);
  return listed(rows, 'quality');
}

/** As `standingOf` says it of one exam, among however many, in one arm. */
async function waitingForReader(
  database: Database,
  { evaluation, holds }: ReadIn,
  person: Participant,
  limit: number,
): Promise<{ readonly begun: readonly ListedCase[]; readonly fresh: readonly ListedCase[] }> {
  const { reading } = evaluation;
  if (!person.reads || (reading.mode !== 'model-shown' && !person.readsBlinded)) return { begun: [], fresh: [] };
  const stages = stagesOf(reading);
  const begunCases: ListedCase[] = [];
  const fresh: ListedCase[] = [];
  for (const [index, stage] of stages.entries()) {
    const before = stages[index - 1];
    const begun = before === undefined ? sql`true` : hasSent(evaluation, person.name, before);
    const mine =
      reading.readersPerCase === 'all'
        ? sql`true`
        : sql`exists (select 1 from web.assignment x where x.evaluation = ${evaluation.name}
            and x.study_instance_uid = r.study_instance_uid and x.reader = ${person.name} and x.released_at is null)`;
    const sent = before === undefined && stages.length > 1 ? hasSent : sentBy;
    const rows = await database.db.execute<Row>(sql`${currentRuns(evaluation)} and ${holds} and ${begun} and ${mine}
      and not ${sent(evaluation, person.name, stage)} and ${passedQuality(evaluation)}
      order by r.created_at limit ${limit}`);
    (before === undefined ? fresh : begunCases).push(...listed(rows, stage));
  }
  return { begun: begunCases, fresh };
}

/** As `disagreements` finds them, among however many exams of one arm. */
async function waitingForDecision(
  database: Database,
  { evaluation, holds }: ReadIn,
  limit: number,
): Promise<ListedCase[]> {
  const { name, reading } = evaluation;
  if (reading.adjudicate.length === 0) return [];
  const [first] = stagesOf(reading);
  const apart = sql`select f.run from web.feedback f, jsonb_array_elements(f.answers) a
    where f.evaluation = ${name} and f.stage = ${first} and a->>'question' in ${reading.adjudicate}
      and not exists (select 1 from web.feedback later where later.run = f.run and later.evaluation = f.evaluation
        and later.author = f.author and later.stage = f.stage and later.version > f.version)
    group by f.run, a->>'question', a->>'subject' having count(distinct a->'value') > 1`;
  const rows = await database.db.execute<Row>(sql`${currentRuns(evaluation)} and ${holds} and r.id in (${apart})
    and not exists (select 1 from web.feedback d
      where d.run = r.id and d.evaluation = ${name} and d.stage = 'adjudication')
    order by r.created_at limit ${limit}`);
  return listed(rows, 'adjudication');
}

async function countDone(database: Database, evaluation: Evaluation, person: Participant): Promise<number> {
  const last = armsOf(evaluation).map(
    (arm) => sql`(f.stage = ${stagesOf(arm.evaluation.reading).at(-1)} and ${arm.holds})`,
  );
  const [row] = await database.db.execute<{
    done: number;
  }>(sql`select count(distinct f.run)::int as done from web.feedback f join web.run r on r.id = f.run
    where f.evaluation = ${evaluation.name} and f.author = ${person.name}
      and (f.stage in ('quality', 'adjudication') or ${sql.join(last, sql` or `)})`);
  return row?.done ?? 0;
}
