import { spreadOf } from '../../lib/statistics/quantiles.ts';
import { type Evaluation, Stage } from '../../schemas/evaluation.ts';
import type { ReviewTimeView } from '../../schemas/report.ts';
import type { Counted } from './counted.ts';
import { rowsAt } from './links.ts';

/**
 * A part of a query, one column `opened_at` for each row of `entry(run, author, created_at)`: when its author first looked
 * at the run since what they had sent about it before; null where the audit has no look (answers of a program).
 */
export const firstLook = ({ sql }: Counted) => sql`(
  select min(audit.at) as opened_at from web.audit
  where audit.subject = entry.run and audit.actor = entry.author and audit.action = 'run-viewed' and audit.at <= entry.created_at
    and audit.at > coalesce((
      select max(earlier.created_at) from web.feedback earlier
      where earlier.run = entry.run and earlier.author = entry.author and earlier.created_at < entry.created_at
    ), '-infinity')
)`;

/** How long readers take from opening an exam to sending their answers, pauses included; corrections do not count. */
export async function readReviewTimes(counted: Counted, evaluation: Evaluation): Promise<ReviewTimeView[]> {
  const rows = await counted.sql<{ author: string; stage: Stage; minutes: number[] }[]>`${counted.with},
    entry as (
      select counted_run.id as run, author, stage, counted_entry.created_at
      from counted_entry join counted_run using (exam) where version = 1
    )
    select author, stage, array_agg(extract(epoch from created_at - opened_at)::float8 / 60) as minutes
    from entry cross join lateral ${firstLook(counted)} look where opened_at is not null
    group by author, stage order by author`;
  return rows
    .sort((a, b) => Stage.options.indexOf(a.stage) - Stage.options.indexOf(b.stage))
    .map(({ author, stage, minutes }) => ({
      reader: author,
      stage,
      minutes: spreadOf(minutes),
      rows: rowsAt(evaluation.name, 'export', { counted: 'yes', reader: author, stage }),
    }));
}
