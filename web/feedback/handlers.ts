import { randomUUID } from 'node:crypto';
import { html } from 'hono/html';
import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { RunView } from '../../schemas/api.ts';
import { type Evaluation, type Feedback, Stage } from '../../schemas/evaluation.ts';
import type { Result } from '../../schemas/result.ts';
import { RunId } from '../../schemas/run.ts';
import type { Person } from '../accounts/accounts.ts';
import { notSignedIn, whoAsks } from '../accounts/gate.ts';
import { may, requireRight } from '../accounts/rights.ts';
import { isFormToken } from '../accounts/sessions.ts';
import { notFound } from '../api/parse.ts';
import { wholeRunOfRequest } from '../api/runs.ts';
import { examOf } from '../archive.ts';
import { type FeedbackForm, feedbackForm, notAsked, sentFeedback } from '../pages/feedback-form.ts';
import { type Html, type Viewer, viewerOf } from '../pages/layout.ts';
import { runPage } from '../pages/run.ts';
import { signInPage } from '../pages/sign-in.ts';
import type { Parts, WebContext } from '../parts.ts';
import { caseOf, participantOf, revealedTo } from '../reading/case.ts';
import { standingOf } from '../reading/standing.ts';
import { findRun, relatedRuns } from '../runs.ts';
import { themeOf } from '../theme.ts';
import { findDraft, isLocked, listFeedback, saveDraft, sendFeedback } from './entries.ts';
import { agreement, checkFields, fieldsOfAnswers } from './form.ts';
import { reviewTimeIn } from './review-time.ts';

/** Sentences that a page shows after it was sent somewhere else; `?notice=` names one. */
const NOTICES: Readonly<Record<string, string>> = {
  saved: 'The draft is saved. It is not sent yet.',
  kept: 'You had signed in anew since the page was opened. Your answers are kept: look at them once more and send them.',
  changed: 'The form has changed since the page was opened. Your answers are kept where the questions are still asked.',
};

/** What somebody is told whose form, or sign-in with a form behind it, is too large to be read. */
export const NOTHING_SAVED =
  'Nothing was saved. This browser keeps what you entered as a draft: go back, or sign in and open the run again, and shorten it.';

/** Most that a form may hold: fields, and characters of each. */
const FormFields = z
  .record(z.string().max(200), z.string().max(25_000))
  .refine((fields) => Object.keys(fields).length <= 3000, 'too many fields');

/** Answers that were sent without a session, through the sign-in page and back. */
const Resume = z.object({ run: RunId, author: z.string(), fields: FormFields });

/** What a run asks of the person, and what they have sent; undefined where the run has no result or no evaluation. */
export async function formOfRun(c: WebContext, run: RunView, viewer: Viewer): Promise<Html | undefined> {
  const { parts, person } = c.var;
  const evaluation = parts.evaluations.get(run.pipeline);
  const { result } = run;
  if (evaluation === undefined || result === null) return undefined;
  const shown = await caseOf(parts.database, evaluation, run);
  const standing = standingOf(evaluation, participantOf(person, evaluation), shown);
  const sent = await listFeedback(parts.database, { run: run.id, evaluation: evaluation.name, author: person.name });
  const correcting = Stage.safeParse(c.req.query('correct')).data;
  const entered = async (stage: Stage, corrects: Feedback | undefined) => {
    const place = { run: run.id, evaluation: evaluation.name, author: person.name, stage };
    const draft = await findDraft(parts.database, place);
    return feedbackForm(viewer, {
      run: run.id,
      asked: { evaluation, result, stage },
      id: randomUUID(),
      fields: draft?.fields ?? fieldsOfAnswers(corrects?.answers ?? []),
      errors: new Map(),
      savedAt: draft?.savedAt.toISOString(),
      corrects,
      entries: shown.entries,
      notice: NOTICES[c.req.query('notice') ?? ''],
    });
  };
  const sections = Stage.options.flatMap((stage) => {
    const versions = sent.filter((entry) => entry.stage === stage);
    if (versions.length === 0) return [];
    const canCorrect = !isLocked(evaluation, stage);
    if (correcting === stage && canCorrect) return [entered(stage, versions.at(-1))];
    return [sentFeedback({ run: run.id, author: person.name }, { evaluation, result, stage }, versions, canCorrect)];
  });
  if (standing.kind === 'asked') sections.push(entered(standing.stage, undefined));
  if (standing.kind === 'not-asked' && sections.length === 0) sections.push(notAsked(viewer, evaluation, standing.why));
  return html`${await Promise.all(sections)}`;
}

/** `POST /runs/<id>/feedback`: sends the form, or keeps it as a draft. */
export async function postFeedbackForm(c: WebContext) {
  const fields = await formFields(c);
  const asking = await whoAsks(c);
  if (asking === undefined) return signInFirst(c, fields);
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
  const sent = await listFeedback(parts.database, place);
  // Sent twice by a double click, or again after going back: the first one counts, and is shown.
  if (sent.some(({ id }) => id === fields.id)) return c.redirect(`/runs/${run.id}#feedback`, 303);
  if (sent.length === 0) await requireAsked(c, evaluation, run, stage);

  const keepAnd = async (notice: string) => {
    await saveDraft(parts.database, place, answers, parts.now());
    return c.redirect(`/runs/${run.id}?notice=${notice}${sent.length > 0 ? `&correct=${stage}` : ''}#feedback`, 303);
  };
  const { sessionToken } = c.var;
  if (sessionToken === undefined || !isFormToken(sessionToken, fields['form-token'] ?? '')) return keepAnd('kept');
  if (fields['evaluation-version'] !== evaluation.version) return keepAnd('changed');
  if (fields.action === 'draft') return keepAnd('saved');

  const asked = { evaluation, result, stage };
  const agreed = fields.action === 'agree' ? agreement(asked) : undefined;
  const checked = checkFields(asked, { ...answers, ...fieldsOfAnswers(agreed ?? []) });
  const errors = new Map(checked.errors);
  const reason = fields.reason?.trim() ?? '';
  const corrects = sent.at(-1);
  if (corrects !== undefined && reason === '') errors.set('reason', 'A correction needs a reason.');
  const id = z.uuid().safeParse(fields.id);
  if (errors.size > 0 || !id.success) {
    await saveDraft(parts.database, place, answers, parts.now());
    const savedAt = parts.now().toISOString();
    const { entries } = await caseOf(parts.database, evaluation, run);
    const form = { run: run.id, asked, id: randomUUID(), fields: answers, errors, savedAt, corrects, entries };
    return c.html(await pageWithForm(c, run, { ...form, notice: undefined }), 422);
  }
  await sendFeedback(parts.database, {
    id: id.data,
    run: run.id,
    evaluation,
    stage,
    author: person.name,
    answers: checked.answers,
    agreedWithAll: agreed !== undefined,
    reviewTime: reviewTimeIn(fields, parts.now()),
    reason: corrects === undefined ? null : reason,
    now: parts.now(),
  });
  parts.answersSent();
  return c.redirect(`/runs/${run.id}#feedback`, 303);
}

/** @throws {ProblemError} 409: the person is not asked this about the run, or no longer */
export async function requireAsked(c: WebContext, evaluation: Evaluation, run: RunView, stage: Stage): Promise<void> {
  const shown = await caseOf(c.var.parts.database, evaluation, run);
  const standing = standingOf(evaluation, participantOf(c.var.person, evaluation), shown);
  if (standing.kind === 'asked' && standing.stage === stage) return;
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
  const sent = await listFeedback(parts.database, place);
  // A draft that arrives after its own form was sent is late, not new.
  if (sent.some(({ id }) => id === fields.id)) return c.json({ savedAt: null });
  const now = parts.now();
  await saveDraft(parts.database, place, answerFields(fields), now);
  return c.json({ savedAt: now.toISOString() });
}

/** After signing in: keeps the answers that were sent without a session. @returns where to go on; undefined where nothing was kept */
export async function keepDraftOf(parts: Parts, person: Person, resume: string): Promise<string | undefined> {
  const parsed = Resume.safeParse(safeJson(resume));
  if (!parsed.success || parsed.data.author !== person.name) return undefined;
  const run = await findRun(parts.database, parsed.data.run);
  const evaluation = run === undefined ? undefined : parts.evaluations.get(run.pipeline);
  if (run === undefined || evaluation === undefined) return undefined;
  const stage = stageOfForm(parsed.data.fields);
  const place = { run: run.id, evaluation: evaluation.name, author: person.name, stage };
  const sent: Feedback[] = await listFeedback(parts.database, place);
  if (sent.some(({ id }) => id === parsed.data.fields.id)) return `/runs/${run.id}#feedback`;
  await saveDraft(parts.database, place, answerFields(parsed.data.fields), parts.now());
  return `/runs/${run.id}?notice=kept${sent.length > 0 ? `&correct=${stage}` : ''}#feedback`;
}

/** The run of the address with its evaluation. @throws {ProblemError} 404: it has no result, or nothing is asked about it */
export async function questioned(c: WebContext): Promise<{ run: RunView; evaluation: Evaluation; result: Result }> {
  const run = await wholeRunOfRequest(c);
  const evaluation = c.var.parts.evaluations.get(run.pipeline);
  if (evaluation === undefined || run.result === null) throw notFound('form');
  return { run, evaluation, result: run.result };
}

function signInFirst(c: WebContext, fields: Record<string, string>) {
  const run = RunId.safeParse(c.req.param('id'));
  const next = run.success ? `/runs/${run.data}` : '/';
  const resume = JSON.stringify({ run: run.data, author: fields.author, fields });
  return c.html(signInPage(c.var.parts, themeOf(c), { next, resume, name: fields.author ?? '' }), 401);
}

async function pageWithForm(c: WebContext, run: RunView, form: FeedbackForm): Promise<Html> {
  const { parts } = c.var;
  const viewer = viewerOf(c, themeOf(c));
  const [related, exam, revealed] = await Promise.all([
    relatedRuns(parts.database, run),
    examOf(parts, run.studyInstanceUid),
    revealedTo(parts, c.var.person, [run]),
  ]);
  const feedback = feedbackForm(viewer, form);
  return runPage(parts, viewer, { run, related, exam, feedback, withheld: !revealed.has(run.id) });
}

/** The stage that a form is for; a form without one was opened before there were stages. */
function stageOfForm(fields: Readonly<Record<string, string>>): Stage {
  return Stage.catch('aided').parse(fields.stage);
}

async function formFields(c: WebContext): Promise<Record<string, string>> {
  const body = await c.req.parseBody();
  const texts = Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const parsed = FormFields.safeParse(Object.fromEntries(texts));
  if (!parsed.success)
    throw new ProblemError(413, 'Form too large', `The form holds more than a form can hold. ${NOTHING_SAVED}`);
  return parsed.data;
}

/** What a person entered, without what the page put in. */
function answerFields(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => (name.startsWith('answer:') || name === 'reason') && value !== ''),
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
