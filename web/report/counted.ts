import type { Database } from '../../lib/database/connection.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';

/** Which answers count, as a person reads it. What `counted` builds says the same. */
export const RULE =
  'Of each exam one run counts: the newest that no other run amends; replays, and exams that were withdrawn, do not count. ' +
  'Of each reader and stage the newest version of the answers to that run counts, if it was given to the form in effect. ' +
  'Reads before and after the model was shown are never taken together.';

/**
 * The beginning of a query, `with …`: what of an evaluation counts.
 *
 * - `withdrawn(study_instance_uid)`: exams that a person took out.
 * - `newest_run(id, study_instance_uid, status, created_at)`: of each exam the run that counts, withdrawn or not.
 * - `counted_run`: the same without withdrawn exams.
 * - `counted_entry`: the rows of `web.feedback` that count.
 * - `answer(entry, run, author, stage, created_at, question, subject, value)`: their answers; `value` as text.
 * - `reference(run, subject, value, readers, settled)`: what the reference standard says, see `ReferenceStandard`.
 */
export function counted({ sql }: Pick<Database, 'sql'>, evaluation: Evaluation) {
  const { name, version, pipeline, reading, reference } = evaluation;
  const question = reference?.question ?? null;
  const readersNeeded = reading.readersPerCase === 'all' ? 1 : reading.readersPerCase;
  return sql`with
withdrawn as (
  select study_instance_uid from (
    select distinct on (study_instance_uid) study_instance_uid, kind from web.trend_entry
    where pipeline = ${pipeline} and kind in ('withdrawn', 'restored')
    order by study_instance_uid, created_at desc, id desc
  ) said where kind = 'withdrawn'
),
newest_run as (
  select distinct on (study_instance_uid) id, study_instance_uid, status, created_at from web.run
  where pipeline = ${pipeline} and view->>'replayOf' is null
    and not exists (select from web.run later where later.amends = run.id)
  order by study_instance_uid, created_at desc, id desc
),
counted_run as (
  select * from newest_run where not exists (select from withdrawn where withdrawn.study_instance_uid = newest_run.study_instance_uid)
),
counted_entry as (
  select distinct on (run, author, stage) feedback.* from web.feedback
  join counted_run on counted_run.id = feedback.run
  where evaluation = ${name} and evaluation_version = ${version}
  order by run, author, stage, version desc
),
answer as (
  select counted_entry.id as entry, run, author, stage, counted_entry.created_at,
    one->>'question' as question, one->>'subject' as subject, one->>'value' as value
  from counted_entry cross join jsonb_array_elements(answers) one
),
reference as (
  select run, subject, coalesce(settled, alike) as value, readers, settled is not null as settled from (
    select run, subject, settled, readers, case when values = 1 and readers >= greatest(${readersNeeded}::int, given) then least end as alike
    from (
      select answer.run, answer.subject,
        (array_agg(value order by answer.created_at desc, entry) filter (where stage = 'adjudication'))[1] as settled,
        count(*) filter (where stage = 'unaided')::int as readers,
        count(distinct value) filter (where stage = 'unaided') as values,
        min(value) filter (where stage = 'unaided') as least,
        (select count(*) from web.assignment join counted_run using (study_instance_uid)
          where counted_run.id = answer.run and assignment.evaluation = ${name}) as given
      from answer where question = ${question}::text
      group by answer.run, answer.subject
    ) said
  ) read where settled is not null or alike is not null
)`;
}
