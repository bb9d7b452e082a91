import { pipelinesFor } from '../accounts/rights.ts';
import type { WebContext } from '../parts.ts';
import { shownTo } from '../reading/sight.ts';
import { evaluatedPipeline } from '../runs/runs.ts';
import type { Sight } from './images.ts';

/** What who asks may see now: runs of the evaluations that they have a role in, without results that are withheld from them. */
export function sightOf(c: Pick<WebContext, 'var'>): Sight {
  const pipelines = pipelinesFor(c, 'view');
  return (runs) =>
    shownTo(
      c,
      runs.filter((run) => pipelines?.includes(evaluatedPipeline(run)) ?? true),
    );
}
