import { spreadOf } from '../../lib/statistics/quantiles.ts';
import { type Evaluation, Stage } from '../../schemas/evaluation.ts';
import type { ReviewTimeView } from '../../schemas/report.ts';
import type { Counted } from './counted.ts';
import { rowsAt } from './links.ts';

/** How long readers are at a form: at work, and from opening to sending with every pause; corrections do not count. */
export async function readReviewTimes(counted: Counted, evaluation: Evaluation): Promise<ReviewTimeView[]> {
  const rows = await counted.sql<{ author: string; stage: Stage; active: number[]; whole: number[] }[]>`${counted.with}
    select feedback.author, feedback.stage, array_agg((review_time->>'activeSeconds')::float8 / 60) as active,
      array_agg(extract(epoch from feedback.created_at - (review_time->>'openedAt')::timestamptz)::float8 / 60) as whole
    from counted_entry join web.feedback using (id)
    where counted_entry.version = 1 and jsonb_typeof(review_time) = 'object'
    group by feedback.author, feedback.stage order by feedback.author`;
  return rows
    .sort((a, b) => Stage.options.indexOf(a.stage) - Stage.options.indexOf(b.stage))
    .map(({ author, stage, active, whole }) => ({
      reader: author,
      stage,
      active: spreadOf(active),
      whole: spreadOf(whole),
      rows: rowsAt(evaluation, 'export', { counted: 'yes', reader: author, stage }),
    }));
}
