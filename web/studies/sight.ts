import { createMiddleware } from 'hono/factory';
import { pipelinesFor } from '../accounts/rights.ts';
import { notFound } from '../api/parse.ts';
import type { Variables, WebContext } from '../parts.ts';
import { listRuns } from '../runs/runs.ts';

/**
 * Whether who asks may see an exam: whoever may see the results of every evaluation may see all exams, others those that a
 * pipeline of theirs has run on.
 */
export async function maySeeStudy(c: Pick<WebContext, 'var'>, studyInstanceUid: string): Promise<boolean> {
  const pipelines = pipelinesFor(c, 'view');
  if (pipelines === undefined) return true;
  const runs = await listRuns(c.var.parts.database, { studyInstanceUid, pipelines, limit: 1 });
  return runs.length > 0;
}

/** Lets only those through to the exam of the address (`:uid` or `:study`) who may see it; it is not there for others (404). */
export const studyInSight = createMiddleware<{ Variables: Variables }>(async function studyInSight(c, next) {
  const study = c.req.param('uid') ?? c.req.param('study') ?? '';
  if (!(await maySeeStudy(c, study))) throw notFound('study');
  await next();
});
