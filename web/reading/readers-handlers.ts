import type { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { requireRight } from '../accounts/rights.ts';
import { jsonBody, notFound, parseOrRefuse } from '../api/parse.ts';
import { noteLook } from '../audit/looks.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import {
  type ReadersView,
  ReassignmentSubmission,
  type ReassignmentView,
  readersOfEvaluation,
  reassign,
} from './readers.ts';
import { type ReadersPage, readersPage } from './readers-page.ts';

/** `GET /evaluations/<name>/readers` */
export async function getReadersPage(c: WebContext) {
  return c.html(await page(c, ledEvaluation(c)));
}

/** `POST /evaluations/<name>/readers`: gives what somebody has not read to others. */
export async function postReadersForm(c: WebContext) {
  const evaluation = ledEvaluation(c);
  const { 'form-token': token, to, ...fields } = await c.req.parseBody();
  requireFormToken(c, token);
  const parsed = ReassignmentSubmission.safeParse(to === '' ? fields : { ...fields, to });
  if (!parsed.success) {
    const text = 'Choose whose exams are given away, and say why.';
    return c.html(await page(c, evaluation, { text, failed: true }), 422);
  }
  try {
    const { taken, left } = await reassign(c.var.parts, evaluation, parsed.data, c.var.person.name);
    const stay = left === 0 ? '' : ` ${left} could not be given to that reader, and stay.`;
    const text = `${taken === 1 ? 'One exam was' : `${taken} exams were`} taken from ${parsed.data.from}.${stay}`;
    return c.html(await page(c, evaluation, { text, failed: false }));
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const status = error.problem.status === 409 ? 409 : 422;
    return c.html(await page(c, evaluation, { text: error.message, failed: true }), status);
  }
}

/** `GET /api/v1/evaluations/<name>/readers` */
export async function getReaders(c: WebContext) {
  const evaluation = ledEvaluation(c);
  const view = await readersOfEvaluation(c.var.parts, evaluation);
  await noteLook(c, 'readers-viewed', evaluation.name, evaluation.name);
  return c.json(view satisfies z.infer<typeof ReadersView>);
}

/** `POST /api/v1/evaluations/<name>/reassignments` */
export async function postReassignment(c: WebContext) {
  const evaluation = ledEvaluation(c);
  const submission = parseOrRefuse(ReassignmentSubmission, await jsonBody(c), {
    status: 422,
    title: 'Not a reassignment',
  });
  const done = await reassign(c.var.parts, evaluation, submission, c.var.person.name);
  return c.json(done satisfies ReassignmentView);
}

async function page(c: WebContext, evaluation: Evaluation, notice?: ReadersPage['notice']) {
  const { parts } = c.var;
  const view = await readersOfEvaluation(parts, evaluation);
  await noteLook(c, 'readers-viewed', evaluation.name, evaluation.name);
  return readersPage(parts, viewerOf(c), { evaluation, view, notice });
}

/** @throws {ProblemError} 404 there is none of this name; 403 the person does not lead it */
function ledEvaluation(c: WebContext): Evaluation {
  const name = c.req.param('name') ?? '';
  const { evaluations, blinded } = c.var.parts;
  const evaluation = blinded.get(name) ?? [...evaluations.values()].find((one) => one.name === name);
  requireRight(c, 'lead', evaluation?.name);
  if (evaluation === undefined) throw notFound('evaluation');
  return evaluation;
}
