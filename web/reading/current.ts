import { type SQL, sql } from 'drizzle-orm';
import type { Arm, Evaluation } from '../../schemas/evaluation.ts';
import { inArm } from './arms.ts';

/**
 * Which runs people are asked about, in SQL: the run that counts of each exam, as the report counts them
 * (`web/report/counted.ts`), where it has a result. Of blinded reads it is the exams of which there are copies, each with one
 * of them in place of the run.
 *
 * @returns `select r.id, r.study_instance_uid, r.created_at from web.run r where …`, to go on with `and …`
 */
export function currentRuns({ name, pipeline, reading }: Evaluation): SQL {
  if (reading.mode === 'blinded') {
    return sql`select r.id, r.study_instance_uid, r.created_at from (
      select distinct on (c.study_instance_uid) c.id, c.study_instance_uid, c.created_at from web.blinded_copy c
      where c.evaluation = ${name} order by c.study_instance_uid, c.created_at, c.id
    ) r where r.study_instance_uid not in (${withdrawn(pipeline)})`;
  }
  return sql`select r.id, r.study_instance_uid, r.created_at from web.run r
    where r.pipeline = ${pipeline} and r.readable
      and not exists (select 1 from web.run n where n.amends = r.id)
      and r.study_instance_uid not in (${withdrawn(pipeline)})`;
}

/** Exams that somebody took out. */
function withdrawn(pipeline: string): SQL {
  return sql`select said.study_instance_uid from (
    select distinct on (w.study_instance_uid) w.study_instance_uid, w.kind from web.trend_entry w
    where w.pipeline = ${pipeline} and w.kind in ('withdrawn', 'restored')
    order by w.study_instance_uid, w.created_at desc, w.id desc
  ) said where said.kind = 'withdrawn'`;
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

/** An evaluation as it is in an arm, and which exams of the outer query are in it. */
export interface ReadIn {
  readonly evaluation: Evaluation;
  readonly arm: Arm | undefined;
  readonly holds: SQL;
}

/** The arms of an evaluation; of one without arms the evaluation itself. */
export function armsOf(evaluation: Evaluation): readonly ReadIn[] {
  const { arms } = evaluation.reading;
  if (arms === undefined) return [{ evaluation, arm: undefined, holds: sql`true` }];
  return arms.map((arm) => ({
    evaluation: inArm(evaluation, arm),
    arm,
    holds: sql`r.study_instance_uid in (select l.study_instance_uid from web.allocation l
      where l.evaluation = ${evaluation.name} and l.arm = ${arm.name})`,
  }));
}

/** Whether the run of the outer query is on one of these exams; undefined: on any. */
export function onOneOf(studies: readonly string[] | undefined): SQL {
  return studies === undefined ? sql`true` : sql`r.study_instance_uid = any(${sql.param([...studies])}::text[])`;
}
