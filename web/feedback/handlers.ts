import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { RunView } from '../../schemas/api.ts';
import type { Evaluation, Feedback, Stage } from '../../schemas/evaluation.ts';
import type { Result } from '../../schemas/result.ts';
import { RunId } from '../../schemas/run.ts';
import type { Person } from '../accounts/accounts.ts';
import { notSignedIn, whoAsks } from '../accounts/gate.ts';
import { may, requireRight } from '../accounts/rights.ts';
import { isFormToken } from '../accounts/sessions.ts';
import { notFound } from '../api/parse.ts';
import { findCopy } from '../blinded/copies.ts';
import type { Html } from '../pages/layout.ts';
import type { Parts, WebContext } from '../parts.ts';
import { caseOf, evaluationOfCase } from '../reading/case.ts';
import { participantOf } from '../reading/participant.ts';
import { standingOf } from '../reading/standing.ts';
import { wholeRunOfRequest } from '../runs/api.ts';
import { findRun } from '../runs/runs.ts';
import { listFeedback, saveDraft, sendFeedback } from './entries.ts';
import { pageWithForm } from './sections.ts';
import {
  answerFields,
  checkedForm,
  type Filled,
  FormFields,
  formFields,
  signInFirst,
  stageOfForm,
} from './sent-form.ts';
import { timePointsOf } from './time-points.ts';

/** Answers that were sent without a session, through the sign-in page and back. */
const Resume = z.object({ run: RunId, author: z.string(), fields: FormFields });

/** `POST /runs/<id>/feedback`: sends the form, or keeps it as a draft. */
export async function postFeedbackForm(c: WebContext) {
  const fields = await formFields(c);
  const asking = await whoAsks(c);
  if (asking === undefined) return signInFirst(c, fields, pageOfRequest(c));
  c.set('person', asking.person);
  c.set('sessionToken', asking.sessionToken);
  const { parts, person } = c.var;
  const { run, evaluation, result } = await questioned(c);
  requirePart(c, evaluation);
  if (fields.author !== undefined && fields.author !== person.name) {
    throw new ProblemError(409, 'Somebody else’s form', 'This form was opened by another person. Open the page again.');
  }
  const stage = stageOfForm(fields);
  const place = { run: run.id, evaluation: evaluation.name, author: person.name, stage };
  const answers = answerFields(fields);
  const draft = { id: fields.id, fields: answers, now: parts.now() };
  const sent = await sentOrAsked(c, evaluation, run, stage);
  // Sent twice by a double click, or again after going back: the first one counts, and is shown.
  if (sent.some(({ id }) => id === fields.id)) return c.redirect(`/runs/${run.id}#feedback`, 303);

  const keepAnd = async (notice: string) => {
    await saveDraft(parts.database, place, draft);
    return c.redirect(`/runs/${run.id}?notice=${notice}${sent.length > 0 ? `&correct=${stage}` : ''}#feedback`, 303);
  };
  const { sessionToken } = c.var;
  if (sessionToken === undefined || !isFormToken(sessionToken, fields['form-token'] ?? '')) return keepAnd('kept');
  if (fields['evaluation-version'] !== evaluation.version) return keepAnd('changed');
  if (fields.action === 'draft') return keepAnd('saved');

  const timePoints = await timePointsOf(c, evaluation, run);
  const form: SentForm = {
    run,
    asked: { evaluation, result, stage, timePoints },
    fields,
    answers,
    corrects: sent.at(-1),
  };
  const { errors, ...entry } = checkedForm(form, parts.now());
  if (errors.size > 0 || entry.id === undefined) {
    await saveDraft(parts.database, place, draft);
    return c.html(await pageAgain(c, form, errors), 422);
  }
  await sendFeedback(parts.database, { ...entry, id: entry.id, run: run.id, evaluation, stage, author: person.name });
  parts.answersSent();
  return c.redirect(`/runs/${run.id}#feedback`, 303);
}

/** A form that was sent, as far as it is the form of who sends it. */
interface SentForm extends Filled {
  readonly run: RunView;
}

/** The page with the form as it was sent, and what is wrong with it. */
async function pageAgain(c: WebContext, form: SentForm, errors: ReadonlyMap<string, string>): Promise<Html> {
  const { parts } = c.var;
  const { run, asked, answers, corrects } = form;
  const { entries } = await caseOf(parts, asked.evaluation, run);
  const savedAt = parts.now().toISOString();
  const shown = { run: run.id, asked, id: randomUUID(), fields: answers, errors, savedAt, corrects, entries };
  return pageWithForm(c, run, { ...shown, notice: undefined });
}

/**
 * What the person has sent at this stage of the run, oldest first.
 *
 * @throws {ProblemError} 409: nothing, and they are not asked, or no longer
 */
export async function sentOrAsked(
  c: WebContext,
  evaluation: Evaluation,
  run: RunView,
  stage: Stage,
): Promise<Feedback[]> {
  const { parts, person } = c.var;
  // First whether they are asked: of two clicks at one moment the second finds either, whenever the first comes in.
  const shown = await caseOf(parts, evaluation, run);
  const sent = await listFeedback(parts.database, {
    run: run.id,
    evaluation: evaluation.name,
    author: person.name,
    stage,
  });
  if (sent.length > 0) return sent;
  const standing = standingOf(shown.evaluation, participantOf(person, evaluation), shown);
  if (standing.kind === 'asked' && standing.stage === stage) return sent;
  const why = standing.kind === 'not-asked' ? standing.why : 'The form has moved on since the page was opened.';
  throw new ProblemError(409, 'Not asked of you now', `${why} Nothing was sent. Open the run again.`);
}

/** @throws {ProblemError} 403: the person has no part in the evaluation that is asked anything */
export function requirePart(c: WebContext, { name }: Evaluation): void {
  const { person } = c.var;
  if (!may(person, 'review-quality', name) && !may(person, 'adjudicate', name)) requireRight(c, 'read', name);
}

/**
 * `POST /runs/<id>/feedback/draft`: what the page keeps by itself while somebody types. Answers when it was saved, by the
 * clock here; 401 without a session.
 */
export async function postDraft(c: WebContext) {
  const fields = await formFields(c);
  const asking = await whoAsks(c);
  if (asking === undefined) throw notSignedIn();
  c.set('person', asking.person);
  const { parts } = c.var;
  const { run, evaluation } = await questioned(c);
  if (fields.author !== asking.person.name) {
    throw new ProblemError(409, 'Somebody else’s form', 'This form was opened by another person. Open the page again.');
  }
  requirePart(c, evaluation);
  const place = { run: run.id, evaluation: evaluation.name, author: asking.person.name, stage: stageOfForm(fields) };
  const now = parts.now();
  const isKept = await saveDraft(parts.database, place, { id: fields.id, fields: answerFields(fields), now });
  return c.json({ savedAt: isKept ? now.toISOString() : null });
}

/** After signing in: keeps the answers that were sent without a session. @returns where to go on; undefined where nothing was kept */
export async function keepDraftOf(parts: Parts, person: Person, resume: string): Promise<string | undefined> {
  const parsed = Resume.safeParse(safeJson(resume));
  if (!parsed.success || parsed.data.author !== person.name) return undefined;
  const { run: about, fields } = parsed.data;
  const found = await placeOfForm(parts, about);
  if (found === undefined) return undefined;
  const { evaluation, page } = found;
  const stage = stageOfForm(fields);
  const place = { run: about, evaluation, author: person.name, stage };
  const sent: Feedback[] = await listFeedback(parts.database, place);
  const draft = { id: fields.id, fields: answerFields(fields), now: parts.now() };
  if (!(await saveDraft(parts.database, place, draft))) return `${page}#feedback`;
  return `${page}?notice=kept${sent.length > 0 ? `&correct=${stage}` : ''}#feedback`;
}

/** The evaluation in which a run, or a copy for blinded readers, is asked about, and the page with its form. */
async function placeOfForm(parts: Parts, about: string): Promise<{ evaluation: string; page: string } | undefined> {
  const run = await findRun(parts.database, about);
  if (run === undefined) {
    const copy = await findCopy(parts.database, about);
    return copy && { evaluation: copy.evaluation, page: `/copies/${about}` };
  }
  const evaluation = parts.evaluations.get(run.pipeline);
  return evaluation && { evaluation: evaluation.name, page: `/runs/${about}` };
}

/** The run of the address with its evaluation, as that is for the exam. @throws {ProblemError} 404: it has no result, or nothing is asked about it */
export async function questioned(c: WebContext): Promise<{ run: RunView; evaluation: Evaluation; result: Result }> {
  const run = await wholeRunOfRequest(c);
  const declared = c.var.parts.evaluations.get(run.pipeline);
  if (declared === undefined || run.result === null) throw notFound('form');
  return { run, evaluation: await evaluationOfCase(c.var.parts, declared, run), result: run.result };
}

function pageOfRequest(c: WebContext): string {
  const run = RunId.safeParse(c.req.param('id'));
  return run.success ? `/runs/${run.data}` : '/';
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
