import sharp from 'sharp';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { RunView } from '../../schemas/api.ts';
import { Sha256 } from '../../schemas/scalars.ts';
import { TrendReportSubmission, type TrendState } from '../../schemas/trend.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { evaluationOf, requireRight } from '../accounts/rights.ts';
import { jsonBody, notFound, parseOrRefuse } from '../api/parse.ts';
import { noteLook } from '../audit/looks.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { runOfRequest } from '../runs/api.ts';
import { evaluatedPipeline } from '../runs/runs.ts';
import { trendOfRun } from './handlers.ts';
import { makeReport, type TrendReport, whyNoReport } from './report.ts';
import { reportPage } from './report-page.ts';
import { reportView, sendReport } from './send.ts';

/**
 * `GET /runs/<id>/trend/report?state=<digest>`: the report as it would be sent, and where to. The address names the state,
 * so that an open page can say when the trend has gone on.
 */
export async function getReportPreview(c: WebContext) {
  const { run, state } = await asked(c);
  const of = c.req.query('state');
  if (of === undefined) return c.redirect(`/runs/${run.id}/trend/report?state=${state.digest}`, 303);
  const viewer = viewerOf(c);
  const { parts, person } = c.var;
  await noteLook(c, 'trend-viewed', run.id);
  const obstacle = whyNoReport(state);
  if (obstacle !== null) return c.html(reportPage(parts, viewer, { run, obstacle }));
  if (of !== state.digest) return c.html(reportPage(parts, viewer, { run, changed: true }));
  const report = await makeReport(parts, state, person.name);
  return c.html(reportPage(parts, viewer, { run, report: await reportView(parts, report) }));
}

/** `GET /runs/<id>/trend/report.png?object=<sha256>`: the pixels of exactly that object. */
export async function getReportImage(c: WebContext) {
  const { state } = await asked(c);
  const object = Sha256.safeParse(c.req.query('object'));
  const report = await makeReport(c.var.parts, state, c.var.person.name);
  if (!object.success || object.data !== report.sha256) throw notFound('report');
  const { rows, columns, pixels } = report;
  const png = await sharp(pixels, { raw: { width: columns, height: rows, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
  return c.body(new Uint8Array(png), 200, { 'Content-Type': 'image/png' });
}

/** `POST /runs/<id>/trend/report`: sends what was previewed, from the page. */
export async function postReportForm(c: WebContext) {
  const form = await c.req.parseBody({ all: true });
  requireFormToken(c, form['form-token']);
  const { run, state } = await asked(c);
  const given = parseOrRefuse(
    TrendReportSubmission,
    { state: form.state, object: form.object, receivers: [form.receivers ?? []].flat() },
    { status: 422, title: 'Not sent' },
  );
  await send(c, run, state, given);
  return c.redirect(`/runs/${run.id}/trend/report?state=${given.state}`, 303);
}

/** `GET /api/v1/runs/<id>/trend/report` */
export async function getTrendReport(c: WebContext) {
  const { run, state } = await asked(c);
  const report = await makeReport(c.var.parts, state, c.var.person.name);
  await noteLook(c, 'trend-viewed', run.id);
  return c.json(await reportView(c.var.parts, report));
}

/** `POST /api/v1/runs/<id>/trend/report`: 202, it is in the queue of each receiver. */
export async function postTrendReport(c: WebContext) {
  const { run, state } = await asked(c);
  const given = parseOrRefuse(TrendReportSubmission, await jsonBody(c), { status: 422, title: 'Not sent' });
  return c.json(await reportView(c.var.parts, await send(c, run, state, given)), 202);
}

/** The trend of the run that the address names, for whoever may make a report of it. */
async function asked(c: WebContext): Promise<{ run: RunView; state: TrendState }> {
  const run = await runOfRequest(c);
  requireRight(c, 'read', evaluationOf(c, evaluatedPipeline(run)));
  return { run, state: await trendOfRun(c, run) };
}

/** @throws {ProblemError} 409: it is another report by now than the one that was looked at */
async function send(
  c: WebContext,
  run: RunView,
  state: TrendState,
  given: { readonly state: string; readonly object: string; readonly receivers: readonly string[] },
): Promise<TrendReport> {
  const { parts, person } = c.var;
  const evaluation = parts.evaluations.get(state.input.pipeline);
  if (evaluation === undefined) throw notFound('trend');
  const report = await makeReport(parts, state, person.name);
  if (given.state !== state.digest || given.object !== report.sha256) {
    throw new ProblemError(
      409,
      'Changed since the preview',
      'The trend has changed since you looked at this report. Nothing was sent: look at the report as it is now.',
    );
  }
  await sendReport(parts, report, { receivers: given.receivers, author: person.name, evaluation: evaluation.name });
  parts.live.announce({ run: run.id, studyInstanceUid: run.studyInstanceUid });
  return report;
}
