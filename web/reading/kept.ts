import { type SQL, sql } from 'drizzle-orm';
import type { Database, Transaction } from '../../lib/database/connection.ts';
import type { Evaluation, Stage } from '../../schemas/evaluation.ts';
import { unread } from './assign.ts';
import { armsOf, currentRuns, passedQuality, type ReadIn } from './current.ts';
import { stagesOf } from './standing.ts';

/** Exams that are brought up to date at once: fewer than are given out at once, so that none of them is left over there. */
const BATCH = 400;

/** Changes of exams that `web.reader_case` does not know yet. */
export interface Changes {
  readonly ids: readonly string[];
  /** The exams, the one that changed first comes first. */
  readonly studies: readonly string[];
}

/**
 * The oldest changes that are not in `web.reader_case` yet; of an evaluation that was declared otherwise before, or is new,
 * every exam is one.
 */
export async function changesOf(database: Database, evaluation: Evaluation): Promise<Changes> {
  const { name } = evaluation;
  const declared = declarationOf(evaluation);
  const find = async () =>
    database.db.execute<{ id: string | null; study: string | null }>(sql`
      select c.id::text as id, c.study_instance_uid as study from web.kept_evaluation k left join (
        select * from web.reading_change where evaluation = ${name} order by id limit ${BATCH}
      ) c on true where k.evaluation = ${name} and k.declared = ${declared} order by c.id`);
  let rows = await find();
  if (rows.length === 0) {
    await keep(database, evaluation, declared);
    rows = await find();
  }
  return {
    ids: rows.flatMap(({ id }) => id ?? []),
    studies: [...new Set(rows.flatMap(({ study }) => study ?? []))],
  };
}

/** Works out anew what everybody has to do with the exams that changed. One after the other. */
export async function settle(database: Database, evaluation: Evaluation, changes: Changes): Promise<void> {
  const { name } = evaluation;
  const studies = arrayOf(changes.studies);
  await database.db.transaction(async (transaction) => {
    await lockKept(transaction, name);
    // Before the exams are looked at: what changes from here on leaves a row that is still to be worked off.
    await transaction.execute(
      sql`delete from web.reading_change where id = any(${sql.param([...changes.ids])}::bigint[])`,
    );
    await transaction.execute(sql`with gone as (
        delete from web.reader_case where evaluation = ${name} and study_instance_uid = any(${studies})
        returning arm, person, -given::int as given, -unread::int as unread, -done::int as done
      ) ${addToTally(name, sql`gone`)}`);
    await transaction.execute(sql`with made as (
        insert into web.reader_case (evaluation, study_instance_uid, run, arm, person, list, stage, since, given, unread, done)
        ${casesOf(evaluation, studies)} returning arm, person, given::int, unread::int, done::int
      ) ${addToTally(name, sql`made`)}`);
  });
}

/** What of an evaluation decides who is asked what. */
function declarationOf({ pipeline, reading }: Evaluation): string {
  return JSON.stringify({ pipeline, reading });
}

/** Begins to keep the cases of an evaluation, from nothing: every exam is to be worked out. */
async function keep({ db }: Database, { name, pipeline }: Evaluation, declared: string): Promise<void> {
  await db.transaction(async (transaction) => {
    await lockKept(transaction, name);
    // Who is writing an answer does not know yet that its exam's change is to be noted: wait until nobody is.
    await transaction.execute(
      sql`lock table web.run, web.feedback, web.trend_entry, web.assignment, web.allocation in share row exclusive mode`,
    );
    await transaction.execute(sql`insert into web.kept_evaluation (evaluation, pipeline, declared)
      values (${name}, ${pipeline}, ${declared})
      on conflict (evaluation) do update set pipeline = excluded.pipeline, declared = excluded.declared`);
    await transaction.execute(sql`delete from web.reading_change where evaluation = ${name}`);
    await transaction.execute(sql`delete from web.reader_case where evaluation = ${name}`);
    await transaction.execute(sql`delete from web.reader_tally where evaluation = ${name}`);
    await transaction.execute(sql`insert into web.reading_change (evaluation, study_instance_uid)
      select ${name}, study_instance_uid from web.run where pipeline = ${pipeline} and readable order by created_at, id`);
  });
}

async function lockKept(transaction: Transaction, name: string): Promise<void> {
  await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`web.kept ${name}`}, 0))`);
}

const arrayOf = (values: readonly string[]) => sql`${sql.param([...values])}::text[]`;

const addToTally = (name: string, rows: SQL) => sql`
  insert into web.reader_tally (evaluation, arm, person, given, unread, done)
  select ${name}, arm, person, sum(given), sum(unread), sum(done) from ${rows} where person <> '' group by arm, person
  on conflict (evaluation, arm, person) do update set given = reader_tally.given + excluded.given,
    unread = reader_tally.unread + excluded.unread, done = reader_tally.done + excluded.done`;

/** The rows of `web.reader_case` of these exams, as `standingOf` says it of one person and one of them. */
function casesOf(evaluation: Evaluation, studies: SQL): SQL {
  const { name, reading } = evaluation;
  const arms = armsOf(evaluation).map(({ arm, ...read }) => {
    // Of these exams alone: the arms of all need not be gone through.
    const holds = sql`r.study_instance_uid in (select study_instance_uid from placed where arm = ${arm?.name})`;
    return { ...read, arm, holds: arm === undefined ? sql`true` : holds };
  });
  const rows = [
    ...(reading.qualityReview === undefined ? [] : [waitingForQuality(evaluation)]),
    ...arms.flatMap((arm) => waitingForReaders(arm)),
    ...arms.flatMap((arm) => (reading.adjudicate.length === 0 ? [] : [waitingForDecision(arm)])),
    ...(reading.readersPerCase === 'all' ? [takenUp()] : arms.map((arm) => givenTo(arm))),
    whoIsDone(evaluation, arms, studies),
  ];
  const placed = sql`select l.study_instance_uid, l.arm from web.allocation l
    where l.evaluation = ${name} and l.study_instance_uid = any(${studies}) and ${reading.arms !== undefined}`;
  return sql`with exam as materialized (${currentRuns(evaluation)} and r.study_instance_uid = any(${studies})),
    placed as materialized (${placed}),
    ready as materialized (select r.* from exam r where ${passedQuality(evaluation)}),
    reader as materialized (${readersOf(evaluation, studies)})
    select ${name}, study_instance_uid, id, coalesce(min(arm), ''), person,
      max(list), max(stage), created_at, bool_or(given), bool_or(unread), bool_or(done)
    from (${sql.join(rows, sql` union all `)}) found left join placed using (study_instance_uid)
    group by study_instance_uid, id, created_at, person, case when person = '' then list end`;
}

const columns = (of: { person?: SQL; list?: string; stage?: Stage; given?: SQL; unread?: SQL; done?: SQL }) => {
  const no = sql`false`;
  return sql`r.id, r.study_instance_uid, r.created_at, ${of.person ?? sql`''`}::text as person, ${of.list ?? null}::text as list,
    ${of.stage ?? null}::text as stage, ${of.given ?? no} as given, ${of.unread ?? no} as unread, ${of.done ?? no} as done`;
};

/** Whose cases are told apart: those an exam was given to, else those who have sent something about it. */
function readersOf({ name, pipeline, reading }: Evaluation, studies: SQL): SQL {
  return reading.readersPerCase === 'all'
    ? sql`select distinct o.study_instance_uid, f.author as person from web.run o join web.feedback f on f.run = o.id
        where o.study_instance_uid = any(${studies}) and o.pipeline = ${pipeline} and f.evaluation = ${name}
          and f.stage in ('unaided', 'aided')`
    : sql`select x.study_instance_uid, x.reader as person from web.assignment x
        where x.evaluation = ${name} and x.study_instance_uid = any(${studies}) and x.released_at is null`;
}

function waitingForQuality({ name }: Evaluation): SQL {
  return sql`select ${columns({ list: 'quality', stage: 'quality' })} from exam r where not exists (
    select 1 from web.feedback f where f.run = r.id and f.evaluation = ${name} and f.stage = 'quality')`;
}

function waitingForReaders({ evaluation, holds }: ReadIn): SQL[] {
  const { reading } = evaluation;
  const person = sql`reader.person`;
  const stages = stagesOf(reading);
  const told = stages.map((stage, index) => {
    const before = stages[index - 1];
    const begun = before === undefined ? sql`true` : hasSent(evaluation, person, before);
    const sent = before === undefined && stages.length > 1 ? hasSent : sentBy;
    return sql`select ${columns({ person, list: before === undefined ? 'fresh' : 'begun', stage })}
      from ready r join reader using (study_instance_uid)
      where ${holds} and ${begun} and not ${sent(evaluation, person, stage)}`;
  });
  const [stage] = stages;
  if (reading.readersPerCase !== 'all' || stage === undefined) return told;
  return [sql`select ${columns({ list: 'fresh', stage })} from ready r where ${holds}`, ...told];
}

const sentBy = ({ name }: Evaluation, author: SQL, stage: Stage) =>
  sql`exists (select 1 from web.feedback f where f.run = r.id and f.evaluation = ${name}
    and f.author = ${author} and f.stage = ${stage})`;

/** Whether somebody has sent it for this run, or for another run on the exam: then they have been shown a result of the model. */
const hasSent = ({ name, pipeline }: Evaluation, author: SQL, stage: Stage) =>
  sql`exists (select 1 from web.feedback f join web.run o on o.id = f.run where o.study_instance_uid = r.study_instance_uid
    and o.pipeline = ${pipeline} and f.evaluation = ${name} and f.author = ${author} and f.stage = ${stage})`;

/** As `disagreements` finds them. */
function waitingForDecision({ evaluation: { name, reading }, holds }: ReadIn): SQL {
  const [first] = stagesOf(reading);
  const apart = sql`select 1 from web.feedback f, jsonb_array_elements(f.answers) a
    where f.run = r.id and f.evaluation = ${name} and f.stage = ${first} and a->>'question' in ${reading.adjudicate}
      and not exists (select 1 from web.feedback later where later.run = f.run and later.evaluation = f.evaluation
        and later.author = f.author and later.stage = f.stage and later.version > f.version)
    group by a->>'question', a->>'subject' having count(distinct a->'value') > 1`;
  return sql`select ${columns({ list: 'adjudication', stage: 'adjudication' })} from exam r
    where ${holds} and exists (${apart}) and not exists (
      select 1 from web.feedback d where d.run = r.id and d.evaluation = ${name} and d.stage = 'adjudication')`;
}

function givenTo({ evaluation, holds }: ReadIn): SQL {
  const of = columns({ person: sql`x.reader`, given: sql`true`, unread: sql`(${unread(evaluation)})` });
  return sql`select ${of} from exam r join web.assignment x on x.study_instance_uid = r.study_instance_uid
    where x.evaluation = ${evaluation.name} and x.released_at is null and ${holds}`;
}

/** Where everybody reads everything: by whoever has sent something about the exam, who is not among everybody any more. */
function takenUp(): SQL {
  const of = columns({ person: sql`reader.person`, given: sql`true` });
  return sql`select ${of} from exam r join reader using (study_instance_uid)`;
}

/** Of every run of the exams, also of earlier ones. */
function whoIsDone({ name }: Evaluation, arms: readonly ReadIn[], studies: SQL): SQL {
  const last = arms.map(
    ({ evaluation: { reading }, holds }) => sql`(f.stage = ${stagesOf(reading).at(-1)} and ${holds})`,
  );
  return sql`select ${columns({ person: sql`f.author`, done: sql`true` })}
    from web.run r join web.feedback f on f.run = r.id
    where r.study_instance_uid = any(${studies}) and f.evaluation = ${name}
      and (f.stage in ('quality', 'adjudication') or ${sql.join(last, sql` or `)})`;
}
