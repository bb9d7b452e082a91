import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { RunView } from '../../schemas/api.ts';
import { Instant, Sha256, Slug } from '../../schemas/scalars.ts';
import { TrendEntry, type TrendState } from '../../schemas/trend.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { evaluationOf, may, requireRight } from '../accounts/rights.ts';
import { jsonBody, notFound, parseOrRefuse } from '../api/parse.ts';
import { noteLook } from '../audit/looks.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { requireRevealed, shownTo } from '../reading/sight.ts';
import { runOfRequest } from '../runs/api.ts';
import { addTrendEntry } from './entries.ts';
import { lookOf, trendToShow } from './look.ts';
import { trendPage } from './page.ts';
import { findRuns, findTrendState, trendOf } from './read.ts';

/** Body of `POST /api/v1/runs/<id>/trend`. */
export const TrendSubmission = TrendEntry.pick({ id: true, kind: true, studyInstanceUid: true }).extend({
  reason: z.string().trim().min(1, 'a reason is needed').max(500),
  /** Of the trend that was looked at; null: it had none. A baseline is refused where it is another one by now. */
  patientChangedAt: Instant.nullable().optional(),
});

/** `GET /runs/<id>/trend[?baseline=<exam>][&threshold=<percent>]`: with these the trend otherwise compared, which is not stored. */
export async function getTrendPage(c: WebContext) {
  const { parts } = c.var;
  const run = await runOfRequest(c);
  const [state, patient] = await Promise.all([trendOfRun(c, run), parts.archive.patientOfStudy(run.studyInstanceUid)]);
  await noteLook(c, 'trend-viewed', run.id);
  return c.html(
    trendPage(parts, viewerOf(c), {
      state,
      patient,
      run,
      look: lookOf(c, state),
      mayAct: may(c.var.person, 'read', evaluationOf(c, state.input.pipeline)),
    }),
  );
}

/** `GET /trends/<pipeline>/<digest>`: a state that somebody saw. */
export async function getTrendStatePage(c: WebContext) {
  const { parts } = c.var;
  const state = await stateOfRequest(c);
  const study = state.input.exams[0]?.studyInstanceUid;
  const patient = study === undefined ? undefined : await parts.archive.patientOfStudy(study);
  await noteLook(c, 'trend-viewed', state.digest);
  return c.html(trendPage(parts, viewerOf(c), { state, patient, run: undefined }));
}

/** `POST /runs/<id>/trend`: a baseline, a withdrawal or the end of one, from the page. */
export async function postTrendForm(c: WebContext) {
  const run = await runOfRequest(c);
  const form = await c.req.parseBody();
  requireFormToken(c, form['form-token']);
  const { id, kind, study, reason, 'patient-changed-at': changedAt } = form;
  const patientChangedAt = changedAt === '' ? null : changedAt;
  await submit(c, run, { id, kind, studyInstanceUid: study, reason, patientChangedAt });
  return c.redirect(`/runs/${run.id}/trend`, 303);
}

/** `GET /api/v1/runs/<id>/trend` */
export async function getTrend(c: WebContext) {
  const run = await runOfRequest(c);
  const state = await trendOfRun(c, run);
  await noteLook(c, 'trend-viewed', run.id);
  return c.json(state);
}

/** `GET /api/v1/runs/<id>/trend/look?baseline=<exam>&threshold=<percent>` */
export async function getTrendLook(c: WebContext) {
  const run = await runOfRequest(c);
  const state = await trendOfRun(c, run);
  await noteLook(c, 'trend-viewed', run.id);
  return c.json(trendToShow(state, lookOf(c, state)));
}

/** `POST /api/v1/runs/<id>/trend`: answers the trend as it is then. */
export async function postTrend(c: WebContext) {
  const run = await runOfRequest(c);
  await submit(c, run, await jsonBody(c));
  return c.json(await trendOfRun(c, run), 201);
}

/** `GET /api/v1/trends/<pipeline>/<digest>` */
export async function getTrendState(c: WebContext) {
  const state = await stateOfRequest(c);
  await noteLook(c, 'trend-viewed', state.digest);
  return c.json(state);
}

async function submit(c: WebContext, run: RunView, given: unknown): Promise<void> {
  const { parts, person } = c.var;
  requireRight(c, 'read', evaluationOf(c, run.pipeline));
  const refusal = { status: 422, title: 'Not an entry' };
  const { patientChangedAt, ...entry } = parseOrRefuse(TrendSubmission, given, refusal);
  const { input } = await trendOfRun(c, run);
  if (!input.exams.some(({ studyInstanceUid }) => studyInstanceUid === entry.studyInstanceUid)) {
    throw new ProblemError(422, 'Another exam', 'The exam is none of this patient in this pipeline.');
  }
  const evaluation = parts.evaluations.get(input.pipeline);
  if (evaluation === undefined) throw notFound('trend');
  const said = { ...entry, pipeline: input.pipeline, author: person.name, createdAt: parts.now().toISOString() };
  const seen = patientChangedAt === undefined ? (input.patientChangedAt ?? null) : patientChangedAt;
  await addTrendEntry(parts.database, evaluation.name, said, seen);
  parts.answersSent();
  for (const { studyInstanceUid } of input.exams) parts.live.announce({ run: run.id, studyInstanceUid });
}

/** @throws {ProblemError} 404: the pipeline follows nothing over time */
export async function trendOfRun(c: WebContext, run: RunView): Promise<TrendState> {
  await requireRevealed(c, run);
  const state = await trendOf(c, run);
  if (state === undefined) throw notFound('trend');
  return state;
}

async function stateOfRequest(c: WebContext): Promise<TrendState> {
  const pipeline = Slug.safeParse(c.req.param('pipeline'));
  const digest = Sha256.safeParse(c.req.param('digest'));
  if (!pipeline.success || !digest.success) throw notFound('trend');
  if (!may(c.var.person, 'view', evaluationOf(c, pipeline.data))) throw notFound('trend');
  const state = await findTrendState(c.var.parts, pipeline.data, digest.data);
  if (state === undefined) throw notFound('trend');
  const runs = await findRuns(
    c.var.parts.database,
    state.input.measurements.map(({ run }) => run),
  );
  if ((await shownTo(c, runs)).some(({ withheld }) => withheld)) {
    throw new ProblemError(
      403,
      'Not shown yet',
      'It has volumes of exams that you are still to read without the model’s result.',
    );
  }
  return state;
}
