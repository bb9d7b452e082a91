import { z } from 'zod';
import { RunView } from '../schemas/api.ts';
import { RunId } from '../schemas/run.ts';
import { Slug } from '../schemas/scalars.ts';
import { BACKGROUND_HEADER, requireAdministrator, requireFormToken } from './accounts/gate.ts';
import { parseOrRefuse } from './api/parse.ts';
import { retry, runOfRequest } from './api/runs.ts';
import { studyOfRequest } from './api/studies.ts';
import { record } from './audit.ts';
import { formOfRun } from './feedback/handlers.ts';
import { viewerOf } from './pages/layout.ts';
import { quarantinePage } from './pages/quarantine.ts';
import { runPage } from './pages/run.ts';
import { studyPage } from './pages/study.ts';
import { worklistPage } from './pages/worklist.ts';
import type { WebContext } from './parts.ts';
import { listRuns, relatedRuns } from './runs.ts';
import { themeOf } from './theme.ts';
import { trendCard } from './trend/page.ts';
import { trendOf } from './trend/read.ts';

const PAGE_SIZE = 50;

/** Instances shown on the page of the quarantine, the newest. */
const MOST_QUARANTINED = 500;

/** A choice that is not made comes as an empty field. */
const choice = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const WorklistQuery = z.object({
  pipeline: choice(Slug),
  status: choice(RunView.shape.status),
  before: choice(RunId),
});

/** `GET /` */
export async function getWorklist(c: WebContext) {
  const { parts } = c.var;
  const { pipeline, status, before } = parseOrRefuse(WorklistQuery, c.req.query());
  const found = await listRuns(parts.database, { pipeline, status, before, limit: PAGE_SIZE + 1 });
  const runs = found.slice(0, PAGE_SIZE);
  const next = found.length > PAGE_SIZE ? (runs.at(-1)?.id ?? null) : null;
  const list = { runs, filter: { pipeline, status }, next, paged: before !== undefined };
  return c.html(worklistPage(parts, viewerOf(c, themeOf(c)), list));
}

/** `GET /runs/<id>` */
export async function getRunPage(c: WebContext) {
  const { parts } = c.var;
  const run = await runOfRequest(c);
  const viewer = viewerOf(c, themeOf(c));
  const [related, patient, feedback, trend] = await Promise.all([
    relatedRuns(parts.database, run),
    parts.archive.patientOfStudy(run.studyInstanceUid),
    formOfRun(c, run, viewer),
    trendOf(parts, run),
  ]);
  await recordView(c, 'run-viewed', run.id);
  return c.html(
    runPage(parts, viewer, {
      run,
      related,
      patient,
      feedback,
      trend: trend === undefined ? '' : trendCard(trend, run),
    }),
  );
}

/** `GET /quarantine` */
export async function getQuarantinePage(c: WebContext) {
  const { parts, person } = c.var;
  requireAdministrator(person);
  const instances = await parts.archive.quarantinedInstances({ limit: MOST_QUARANTINED });
  return c.html(quarantinePage(parts, viewerOf(c, themeOf(c)), instances));
}

/** `GET /studies/<StudyInstanceUID>` */
export async function getStudyPage(c: WebContext) {
  const { parts } = c.var;
  const study = await studyOfRequest(c);
  const [patient, quarantine] = await Promise.all([
    parts.archive.patientOfStudy(study.studyInstanceUid),
    parts.archive.quarantineReasons(study.studyInstanceUid),
  ]);
  await recordView(c, 'study-viewed', study.studyInstanceUid);
  return c.html(studyPage(parts, viewerOf(c, themeOf(c)), { study, patient, quarantine }));
}

/** `POST /runs/<id>/retry` */
export async function postRetryForm(c: WebContext) {
  requireAdministrator(c.var.person);
  const { 'form-token': token } = await c.req.parseBody();
  requireFormToken(c, token);
  const run = await runOfRequest(c);
  await retry(c, run.id);
  return c.redirect(`/runs/${run.id}`, 303);
}

/** Writes down that a person has looked; what the page asks by itself afterwards is no second look. */
async function recordView(c: WebContext, action: 'run-viewed' | 'study-viewed', subject: string): Promise<void> {
  const { parts, person } = c.var;
  if (c.req.header(BACKGROUND_HEADER) !== undefined) return;
  await record(parts.database, { actor: person.name, action, subject, at: parts.now() });
}
