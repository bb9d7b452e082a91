import type postgres from 'postgres';
import type { Database } from '../../lib/database/connection.ts';
import type { Reported } from './links.ts';

/** Which answers count, as a person reads it. What `partsOf` builds says the same. */
export const RULE =
  'Of each exam one run counts: the newest that no other run amends; replays, and exams that were withdrawn, do not count. ' +
  'Answers to an earlier run of an exam are kept and do not count: the exam is asked about once more. Who was shown the ' +
  'model’s result of an earlier run is then asked with the model in view only. ' +
  'Of each reader and stage the newest version of the answers to that run counts, if it was given to the form in effect. ' +
  'Reads before and after the model was shown, and the arms of an evaluation, are never taken together.';

type Sql = Database['sql'] | postgres.TransactionSql;
type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** What counts of an evaluation, to ask about: `${counted.with}, more as (…) select … from answer`. */
export interface Counted {
  readonly sql: Sql;
  /**
   * The beginning of a query, `with recursive …`, after which these are there:
   *
   * - `withdrawn(study_instance_uid, reason)`: exams that a person took out.
   * - `newest_run(exam, id, study_instance_uid, status, created_at)`: of each exam the run that counts, withdrawn or not;
   *   `exam` is a number by which the others name it.
   * - `counted_run`: the same without withdrawn exams.
   * - `counted_entry(id, exam, author, stage, version, agreed_with_all, created_at)`: the forms that count.
   * - `answer(entry, exam, author, stage, created_at, question, subject, value)`: their answers, without texts; `value` as
   *   text.
   * - `reference(exam, subject, value, readers, settled)`: what the reference standard says, see `ReferenceStandard`.
   */
  readonly with: Fragment;
}

/** For one query. */
export function countedOnce({ sql }: Pick<Database, 'sql'>, evaluation: Reported): Counted {
  const [first, ...others] = partsOf(sql, evaluation);
  const parts = others.map(([name, query]) => sql`, ${sql(name)} as (${query})`);
  return { sql, with: sql`with recursive ${sql(first[0])} as (${first[1]})${parts}` };
}

/** For several queries that see the same moment: what counts is worked out once and kept in temporary tables. */
export async function withCounted<Answer>(
  { sql: outside }: Pick<Database, 'sql'>,
  evaluation: Reported,
  work: (counted: Counted) => Promise<Answer>,
): Promise<Answer> {
  const done = await outside.begin('isolation level repeatable read', async (sql) => {
    // Sorting and hashing in memory: the usual 4 MB are soon full.
    await sql`set local work_mem = '64MB'`;
    for (const [name, query] of partsOf(sql, evaluation)) {
      await sql`create temporary table ${sql(name)} on commit drop as ${query}`;
      await sql`analyze ${sql(name)}`;
    }
    return { answer: await work({ sql, with: sql`with recursive kept as (select 1)` }) };
  });
  return done.answer;
}

function partsOf(sql: Sql, evaluation: Reported): [[string, Fragment], ...[string, Fragment][]] {
  const { name, version, pipeline, reading, reference, arm } = evaluation;
  const inArm =
    arm === undefined
      ? sql``
      : sql`and study_instance_uid in (select a.study_instance_uid from web.allocation a where a.evaluation = ${name} and a.arm = ${arm})`;
  const compared = evaluation.questions.filter(({ kind }) => kind !== 'text').map((question) => question.name);
  const question = reference?.question ?? null;
  const readersNeeded = reading.readersPerCase === 'all' ? 1 : reading.readersPerCase;
  return [
    [
      'withdrawn',
      sql`select study_instance_uid, reason from (
          select distinct on (study_instance_uid) study_instance_uid, kind, reason from web.trend_entry
          where pipeline = ${pipeline} and kind in ('withdrawn', 'restored')
          order by study_instance_uid, created_at desc, id desc
        ) said where kind = 'withdrawn'`,
    ],
    [
      'newest_run',
      sql`select row_number() over ()::int as exam, * from (
          select distinct on (study_instance_uid) id, study_instance_uid, status, created_at from web.run
          where pipeline = ${pipeline} and view->>'replayOf' is null
            and not exists (select from web.run later where later.amends = run.id) ${inArm}
          order by study_instance_uid, created_at desc, id desc
        ) newest`,
    ],
    [
      'counted_run',
      sql`select * from newest_run
        where not exists (select from withdrawn where withdrawn.study_instance_uid = newest_run.study_instance_uid)`,
    ],
    [
      'counted_entry',
      sql`select feedback.id, exam, author, stage, version, agreed_with_all, feedback.created_at
        from web.feedback join counted_run on counted_run.id = feedback.run
        where evaluation = ${name} and evaluation_version = ${version} and not exists (
          select from web.feedback later
          where later.run = feedback.run and later.evaluation = feedback.evaluation and later.author = feedback.author
            and later.stage = feedback.stage and later.version > feedback.version
            and later.evaluation_version = ${version}
        )`,
    ],
    [
      'answer',
      sql`select id as entry, exam, counted_entry.author, counted_entry.stage, counted_entry.created_at,
          one->>'question' as question, one->>'subject' as subject, one->>'value' as value
        from counted_entry join web.feedback using (id) cross join jsonb_array_elements(answers) one
        where one->>'question' = any(${compared})`,
    ],
    [
      'reference',
      sql`select exam, subject, coalesce(settled, alike) as value, readers, settled is not null as settled from (
          select exam, subject, settled, readers,
            case when values = 1 and readers >= greatest(${readersNeeded}::int, coalesce(given.readers_given, 0)) then least end as alike
          from (
            select exam, subject,
              (array_agg(value order by created_at desc, entry) filter (where stage = 'adjudication'))[1] as settled,
              count(*) filter (where stage = 'unaided')::int as readers,
              count(distinct value) filter (where stage = 'unaided') as values,
              min(value) filter (where stage = 'unaided') as least
            from answer where question = ${question}::text
            group by exam, subject
          ) said
          left join (
            select exam, count(*) as readers_given from web.assignment join counted_run using (study_instance_uid)
            where evaluation = ${name} and released_at is null group by exam
          ) given using (exam)
        ) judged where settled is not null or alike is not null`,
    ],
  ];
}
