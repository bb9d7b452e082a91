import { z } from 'zod';
import { RunView } from '../../schemas/api.ts';
import { RunId } from '../../schemas/run.ts';
import { Slug, Uid } from '../../schemas/scalars.ts';
import { evaluationOf, may, pipelinesFor, requireRight } from '../accounts/rights.ts';
import { notFound, parseOrRefuse } from '../api/parse.ts';
import { record } from '../audit/audit.ts';
import { noteLook } from '../audit/looks.ts';
import type { WebContext } from '../parts.ts';
import { shownTo } from '../reading/sight.ts';
import { evaluatedPipeline, findRun, listRuns } from './runs.ts';

/** Query of `GET /api/v1/runs`. */
export const RunQuery = z.object({
  studyInstanceUid: Uid.optional(),
  pipeline: Slug.optional(),
  status: RunView.shape.status.optional(),
  /** Run id: only runs older than it. */
  before: RunId.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** Answer of `GET /api/v1/runs`: newest first. */
export const RunList = z.object({
  runs: z.array(RunView),
  /** `before` of the next page; null where this is the last. */
  next: RunId.nullable(),
});

/** `GET /api/v1/runs` */
export async function getRuns(c: WebContext) {
  const { database } = c.var.parts;
  const query = parseOrRefuse(RunQuery, c.req.query());
  const runs = await listRuns(database, { ...query, pipelines: pipelinesFor(c, 'view') });
  const next = runs.length === query.limit ? (runs.at(-1)?.id ?? null) : null;
  return c.json({ runs: await shownTo(c, runs), next } satisfies z.infer<typeof RunList>);
}

/** `GET /api/v1/runs/<id>` */
export async function getRun(c: WebContext) {
  const run = await runOfRequest(c);
  await noteLook(c, 'run-viewed', run.id);
  return c.json(run);
}

/** `POST /api/v1/runs/<id>/retry`: 202, the run goes on. */
export async function postRetry(c: WebContext) {
  const run = await runOfRequest(c);
  requireRight(c, 'retry-runs', evaluationOf(c, run.pipeline));
  await retry(c, run.id);
  return c.json({ run: run.id }, 202);
}

/** Asks for another try in the name of who is signed in. */
export async function retry(c: WebContext, run: string): Promise<void> {
  const { requestRetry, database, now } = c.var.parts;
  const actor = c.var.person.name;
  await requestRetry(run, actor);
  await record(database, { actor, action: 'retry-requested', subject: run, at: now() });
}

/** The run that the address names, as who asks may see it now. @throws {ProblemError} 404, as `wholeRunOfRequest` */
export async function runOfRequest(c: WebContext): Promise<RunView> {
  const whole = await wholeRunOfRequest(c);
  const [run = whole] = await shownTo(c, [whole]);
  return run;
}

/** The same with its result, also where the reader is not to see that yet: for forms and images. @throws {ProblemError} 404: there is none, or none that who asks may see */
export async function wholeRunOfRequest(c: WebContext): Promise<RunView> {
  const id = RunId.safeParse(c.req.param('id'));
  const run = id.success ? await findRun(c.var.parts.database, id.data) : undefined;
  if (run === undefined || !may(c.var.person, 'view', evaluationOf(c, evaluatedPipeline(run)))) throw notFound('run');
  return run;
}
