import { type SQL, sql } from 'drizzle-orm';
import type { Arm, Evaluation } from '../../schemas/evaluation.ts';
import { inArm } from './arms.ts';

/**
 * Which runs people are asked about, in SQL: the run that counts of each exam, as the report counts them
 * (`web/report/counted.ts`), where it has a result.
 *
 * @returns `select r.id, r.study_instance_uid, r.created_at from web.run r where …`, to go on with `and …`
 */
export function currentRuns({ pipeline }: Evaluation): SQL {
  return sql`select r.id, r.study_instance_uid, r.created_at from web.run r
    where r.pipeline = ${pipeline} and r.readable
      and not exists (select 1 from web.run n where n.amends = r.id)
      and not exists (select 1 from web.run n where n.study_instance_uid = r.study_instance_uid and n.pipeline = r.pipeline
        and (n.created_at, n.id) > (r.created_at, r.id) and n.view->>'replayOf' is null
        and not exists (select 1 from web.run m where m.amends = n.id))
      and not ${isWithdrawn(pipeline)}`;
}

/** Whether somebody took the exam of the outer query out. */
function isWithdrawn(pipeline: string): SQL {
  return sql`coalesce((select w.kind = 'withdrawn' from web.trend_entry w
    where w.pipeline = ${pipeline} and w.study_instance_uid = r.study_instance_uid and w.kind in ('withdrawn', 'restored')
    order by w.created_at desc, w.id desc limit 1), false)`;
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
    holds: sql`exists (select 1 from web.allocation l where l.evaluation = ${evaluation.name}
      and l.study_instance_uid = r.study_instance_uid and l.arm = ${arm.name})`,
  }));
}
