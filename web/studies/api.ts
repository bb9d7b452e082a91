import type { StudyView } from '../../schemas/api.ts';
import { Uid } from '../../schemas/scalars.ts';
import { pipelinesFor } from '../accounts/rights.ts';
import { notFound } from '../api/parse.ts';
import { noteLook } from '../audit/looks.ts';
import type { WebContext } from '../parts.ts';
import { shownTo } from '../reading/sight.ts';
import { listRuns } from '../runs/runs.ts';

/** Runs shown with a study. */
const MOST_RUNS = 200;

/** `GET /api/v1/studies/<StudyInstanceUID>` */
export async function getStudy(c: WebContext) {
  const study = await studyOfRequest(c);
  await noteLook(c, 'study-viewed', study.studyInstanceUid);
  return c.json(study);
}

/** What is held of the study that the address names, with its runs. @throws {ProblemError} 404 */
export async function studyOfRequest(c: WebContext): Promise<StudyView> {
  const { archive, database } = c.var.parts;
  const uid = Uid.safeParse(c.req.param('uid'));
  const study = uid.success ? await archive.studyView(uid.data) : undefined;
  if (study === undefined) throw notFound('study');
  const { studyInstanceUid } = study;
  const runs = await listRuns(database, { studyInstanceUid, pipelines: pipelinesFor(c, 'view'), limit: MOST_RUNS });
  return { ...study, runs: await shownTo(c, runs) };
}
