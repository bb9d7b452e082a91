import { createMiddleware } from 'hono/factory';
import { html } from 'hono/html';
import type { BlindedReport, BlindingKey } from '../../schemas/blinded.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Right } from '../../schemas/rights.ts';
import { may, requireRight } from '../accounts/rights.ts';
import { notFound } from '../api/parse.ts';
import { csvHeaders, csvLine } from '../csv.ts';
import { type Html, layout, moment, viewerOf } from '../pages/layout.ts';
import type { Variables, WebContext } from '../parts.ts';
import { noted } from '../report/noted.ts';
import type { Copy } from './copies.ts';
import { blindedReport } from './report.ts';
import { blindedReportPage } from './report-page.ts';
import { copiesOf } from './rows.ts';
import { answersCsv, blindedDictionary, volumesCsv } from './tables.ts';

/** Where an evaluation has blinded reads this handler answers; else the one after it. */
export function whereBlinded(handler: (c: WebContext) => Response | Promise<Response>) {
  return createMiddleware<{ Variables: Variables }>(async function whereBlinded(c, next) {
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (isRead && c.var.parts.blinded.has(c.req.param('name') ?? '')) return handler(c);
    await next();
  });
}

/** `GET /evaluations/<name>` of blinded reads. */
export async function getBlindedReportPage(c: WebContext) {
  const { parts } = c.var;
  const evaluation = ledEvaluation(c, 'lead');
  await noted(c, 'report-viewed', evaluation);
  const report = await blindedReport(parts, evaluation, parts.now());
  return c.html(blindedReportPage(parts, viewerOf(c), { evaluation, report }));
}

/** `GET /api/v1/evaluations/<name>/blinded` */
export async function getBlindedReport(c: WebContext) {
  const evaluation = ledEvaluation(c, 'lead');
  await noted(c, 'report-viewed', evaluation);
  return c.json((await blindedReport(c.var.parts, evaluation, c.var.parts.now())) satisfies BlindedReport);
}

/** `GET /evaluations/<name>/export.csv`: whose each segmentation is stands there for who leads the evaluation alone. */
export async function getAnswersTable(c: WebContext) {
  const evaluation = ledEvaluation(c, 'export');
  const isLead = may(c.var.person, 'lead', evaluation.name);
  if (isLead) await noted(c, 'key-viewed', evaluation, 'export.csv');
  await noted(c, 'table-exported', evaluation, 'export.csv');
  return c.body(await answersCsv(c.var.parts, evaluation, isLead), 200, csvHeaders(evaluation, 'export'));
}

/** `GET /evaluations/<name>/volumes.csv` */
export async function getVolumesTable(c: WebContext) {
  const evaluation = ledEvaluation(c, 'lead');
  await noted(c, 'key-viewed', evaluation, 'volumes.csv');
  return c.body(await volumesCsv(c.var.parts, evaluation), 200, csvHeaders(evaluation, 'volumes'));
}

/** `GET /evaluations/<name>/dictionary.csv` */
export function getBlindedDictionary(c: WebContext) {
  const evaluation = ledEvaluation(c, 'export');
  return c.body(blindedDictionary(evaluation), 200, csvHeaders(evaluation, 'dictionary'));
}

/** `GET /api/v1/evaluations/<name>/<table>.csv` */
export function getBlindedTable(c: WebContext) {
  const table = c.req.param('table');
  if (table === 'export.csv') return getAnswersTable(c);
  if (table === 'volumes.csv') return getVolumesTable(c);
  if (table === 'dictionary.csv') return getBlindedDictionary(c);
  ledEvaluation(c, 'export');
  throw notFound('table');
}

/** `GET /evaluations/<name>/key`: whose each segmentation is. */
export async function getKeyPage(c: WebContext) {
  const { parts } = c.var;
  const evaluation = ledEvaluation(c, 'lead');
  await noted(c, 'key-viewed', evaluation);
  const copies = await copiesOf(parts, evaluation);
  return c.html(
    layout({
      parts,
      viewer: viewerOf(c),
      title: `${evaluation.title}: key`,
      body: html`<div class="page-title"><h1>${evaluation.title}: whose each segmentation is</h1></div>
<p class="notice is-warning">That you looked is written down. Tell nobody who reads. <a href="/evaluations/${evaluation.name}/key.csv">The key as CSV</a> · <a href="/evaluations/${evaluation.name}">Report</a></p>
${copies.length === 0 ? html`<p class="muted">No exam was given to readers yet.</p>` : keyTable(copies)}`,
    }),
  );
}

function keyTable(copies: readonly Copy[]): Html {
  return html`<div class="scroll"><table><thead><tr><th scope="col">Exam</th><th scope="col">Known as</th><th scope="col">Whose</th><th scope="col">Run</th><th scope="col">Given to readers</th></tr></thead>
<tbody>${copies.map(
    ({
      id,
      studyInstanceUid,
      source,
      run,
      createdAt,
    }) => html`<tr><td class="number" title="${studyInstanceUid}">…${studyInstanceUid.slice(-12)}</td>
<th scope="row" class="number" title="${id}">${id.slice(0, 12)}</th><td><strong>${source}</strong></td><td><a class="number" href="/runs/${run}">${run.slice(0, 12)}</a></td><td>${moment(createdAt.toISOString())}</td></tr>`,
  )}</tbody></table></div>`;
}

/** `GET /evaluations/<name>/key.csv` */
export async function getKeyTable(c: WebContext) {
  const evaluation = ledEvaluation(c, 'lead');
  await noted(c, 'key-viewed', evaluation, 'key.csv');
  const copies = await copiesOf(c.var.parts, evaluation);
  const lines = copies.map(({ id, studyInstanceUid, source, run, sha256, createdAt }) =>
    csvLine([id, studyInstanceUid, source, run, sha256, createdAt]),
  );
  const head = csvLine(['copy', 'study_instance_uid', 'source', 'run', 'sha256', 'created_at']);
  return c.body([head, ...lines].join(''), 200, csvHeaders(evaluation, 'key'));
}

/** `GET /api/v1/evaluations/<name>/key` */
export async function getKey(c: WebContext) {
  const evaluation = ledEvaluation(c, 'lead');
  await noted(c, 'key-viewed', evaluation);
  const copies = (await copiesOf(c.var.parts, evaluation)).map(
    ({ evaluation: _, structures: __, createdAt, ...copy }) => ({
      ...copy,
      createdAt: createdAt.toISOString(),
    }),
  );
  return c.json({ evaluation: evaluation.name, copies } satisfies BlindingKey);
}

/** @throws {ProblemError} 404: there are no blinded reads of this name; 403: the person may not */
function ledEvaluation(c: WebContext, right: Right): Evaluation {
  const evaluation = c.var.parts.blinded.get(c.req.param('name') ?? '');
  if (evaluation === undefined) {
    requireRight(c, right);
    throw notFound('evaluation with blinded reads');
  }
  requireRight(c, right, evaluation.name);
  return evaluation;
}
