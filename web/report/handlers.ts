import type { z } from 'zod';
import type { Database } from '../../lib/database/connection.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { EvaluationReport } from '../../schemas/report.ts';
import type { Right } from '../../schemas/rights.ts';
import { may, requireRight } from '../accounts/rights.ts';
import { notFound, parseOrRefuse } from '../api/parse.ts';
import { csvHeaders } from '../csv.ts';
import { viewerOf } from '../pages/layout.ts';
import { everyEvaluation, type Parts, type WebContext } from '../parts.ts';
import { streamOf } from '../stream.ts';
import { Keeper } from './keeper.ts';
import { noted } from './noted.ts';
import { evaluationsPage, reportPage, waitingPage } from './page.ts';
import { makeReport } from './report.ts';
import { csvOf, dictionaryOf, FILTERS, type RowTable, RowTableName } from './tables.ts';

/** `GET /evaluations`: those that the person leads. */
export function getEvaluations(c: WebContext) {
  requireRight(c, 'lead');
  const { parts, person } = c.var;
  const led = everyEvaluation(parts).filter(({ name }) => may(person, 'lead', name));
  return c.html(evaluationsPage(parts, viewerOf(c), led));
}

/** How long somebody looks at nothing before the page says that the report is being made. */
const PATIENCE_MS = 3_000;

/** `GET /evaluations/<name>`: the report; `?anew` makes it anew. */
export async function getReportPage(c: WebContext) {
  const { parts } = c.var;
  const evaluation = evaluationOfRequest(c, 'lead');
  await noted(c, 'report-viewed', evaluation);
  const { name, make, anew } = making(c, evaluation);
  const report = await keeperOf(parts).getSoon(name, make, anew, PATIENCE_MS);
  const viewer = viewerOf(c);
  if (report !== undefined) return c.html(reportPage(parts, viewer, { evaluation, report }));
  c.header('Refresh', `5; url=/evaluations/${evaluation.name}`);
  return c.html(waitingPage(parts, viewer, evaluation), 202);
}

/** `GET /api/v1/evaluations/<name>/report` */
export async function getReport(c: WebContext) {
  const evaluation = evaluationOfRequest(c, 'lead');
  await noted(c, 'report-viewed', evaluation);
  const { name, make, anew } = making(c, evaluation);
  const report = await keeperOf(c.var.parts).get(name, make, anew);
  return c.json(report satisfies z.infer<typeof EvaluationReport>);
}

/** `GET /evaluations/<name>/<table>.csv`: rows, sent as they are read. */
export function getTable(table: RowTable) {
  return async function getTable(c: WebContext) {
    const evaluation = evaluationOfRequest(c, 'export');
    const { reader, ...single } = c.req.queries();
    const query = Object.fromEntries(Object.entries(single).map(([name, values]) => [name, values.at(-1)]));
    const filter = parseOrRefuse(FILTERS[table].strict(), reader === undefined ? query : { ...query, reader });
    await noted(c, 'table-exported', evaluation, `${table}.csv`);
    const { log } = c.var.parts;
    const rows = bytesOf(csvOf(c.var.parts, evaluation, table, filter), (error) =>
      log.error({ err: error, evaluation: evaluation.name, table }, 'table broke off'),
    );
    return c.body(streamOf(rows), 200, csvHeaders(evaluation, table));
  };
}

/** `GET /api/v1/evaluations/<name>/<table>.csv`: any of them. */
export async function getAnyTable(c: WebContext) {
  const table = c.req.param('table')?.replace(/\.csv$/, '') ?? '';
  return table === 'dictionary' ? getDictionary(c) : getTable(RowTableName.parse(table))(c);
}

/** `GET /evaluations/<name>/dictionary.csv` */
export function getDictionary(c: WebContext) {
  const evaluation = evaluationOfRequest(c, 'export');
  return c.body(dictionaryOf(evaluation), 200, csvHeaders(evaluation, 'dictionary'));
}

/** By database: two services in one process (tests) share none. */
const KEEPERS = new WeakMap<Database, Keeper<EvaluationReport>>();

function keeperOf({ database, log }: Parts): Keeper<EvaluationReport> {
  const known = KEEPERS.get(database);
  if (known !== undefined) return known;
  const made = new Keeper<EvaluationReport>((error) => log.error({ err: error }, 'report cannot be made anew'));
  KEEPERS.set(database, made);
  return made;
}

/** How the report that a request asks for is made, and what it is kept as. */
function making(c: WebContext, evaluation: Evaluation) {
  const { parts } = c.var;
  return {
    name: `${evaluation.name} ${evaluation.version}`,
    make: () => makeReport(parts, evaluation, parts.now()),
    anew: c.req.query('anew') !== undefined,
  };
}

/** @throws {ProblemError} 404 there is none of this name; 403 the person may not */
function evaluationOfRequest(c: WebContext, right: Right): Evaluation {
  const name = c.req.param('name');
  const evaluation = [...c.var.parts.evaluations.values()].find((one) => one.name === name);
  if (evaluation === undefined) {
    requireRight(c, right);
    throw notFound('evaluation');
  }
  requireRight(c, right, evaluation.name);
  return evaluation;
}

/** Text as bytes; the head is gone already when it breaks off, so only the log says why. */
async function* bytesOf(texts: AsyncIterable<string>, onError: (error: unknown) => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const text of texts) yield Buffer.from(text);
  } catch (error) {
    onError(error);
    throw error;
  }
}
