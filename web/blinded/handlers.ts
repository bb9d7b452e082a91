import { randomUUID } from 'node:crypto';
import { html } from 'hono/html';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { Feedback } from '../../schemas/evaluation.ts';
import { notSignedIn, whoAsks } from '../accounts/gate.ts';
import { requireRight } from '../accounts/rights.ts';
import { isFormToken } from '../accounts/sessions.ts';
import { examOf } from '../archive.ts';
import { noteLook } from '../audit/looks.ts';
import { findDraft, listFeedback, type Place, saveDraft, sendFeedback } from '../feedback/entries.ts';
import { type Asked, fieldsOfAnswers } from '../feedback/form.ts';
import { type FeedbackForm, feedbackForm, sentFeedback } from '../feedback/form-page.ts';
import { NOTICES } from '../feedback/sections.ts';
import { answerFields, checkedForm, formFields, signInFirst } from '../feedback/sent-form.ts';
import { type Html, viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { uidsOf } from './encode.ts';
import { copyObject } from './make.ts';
import { copyInTurn, copyOfRequest, type OpenedCopy } from './opened.ts';
import { copyPage } from './page.ts';

/** The one stage of blinded reads. */
const STAGE = 'blinded';

const pageOf = (id: string) => `/copies/${id}`;

/** What is asked about a copy. */
export const askedAbout = ({ copy, evaluation }: Pick<OpenedCopy, 'copy' | 'evaluation'>): Asked => ({
  evaluation,
  result: { kind: 'segmentation', structures: copy.structures },
  stage: STAGE,
});

/** Where what a person answers about a copy is kept: the copy stands for the run. */
export const placeOf = (c: WebContext, { copy, evaluation }: Pick<OpenedCopy, 'copy' | 'evaluation'>): Place => ({
  run: copy.id,
  evaluation: evaluation.name,
  author: c.var.person.name,
  stage: STAGE,
});

/** `GET /copies/<id>`: a segmentation, what is asked about it, or what the reader has sent. One whose turn has not come leads to the one whose has. */
export async function getCopyPage(c: WebContext) {
  const opened = await copyOfRequest(c);
  const { copy, evaluation, mine, ofExam } = opened;
  const next = ofExam.find(({ state }) => state === 'asked');
  if (mine.state === 'later' && next !== undefined) return c.redirect(pageOf(next.copy.id), 303);
  await noteLook(c, 'copy-viewed', copy.id, evaluation.name);
  return c.html(await page(c, opened, await section(c, opened)));
}

/** `GET /copies/<id>/viewer`: the viewer on the exam with this one segmentation over it. */
export async function getCopyInViewer(c: WebContext) {
  const { copy } = await copyInTurn(c);
  const query = new URLSearchParams({
    StudyInstanceUIDs: copy.studyInstanceUid,
    copy: copy.id,
    initialSeriesInstanceUID: uidsOf(copy.id).SeriesInstanceUID,
  });
  return c.redirect(`/viewer/viewer?${query}`, 303);
}

/** `GET /copies/<id>/file`: the DICOM Segmentation, named by its hash. */
export async function getCopyFile(c: WebContext) {
  const { copy, evaluation } = await copyInTurn(c);
  const { bucket, key } = copyObject(copy);
  await noteLook(c, 'copy-viewed', copy.id, evaluation.name);
  return c.body(new Uint8Array(await c.var.parts.store.get(bucket, key)), 200, {
    'Content-Type': 'application/dicom',
    'Content-Disposition': `attachment; filename="${copy.id}.seg.dcm"`,
    'Cache-Control': 'private, no-store',
  });
}

/** `POST /copies/<id>/feedback`: sends the form, or keeps it as a draft. */
export async function postCopyForm(c: WebContext) {
  const fields = await formFields(c);
  const asking = await whoAsks(c);
  if (asking === undefined) return signInFirst(c, fields, pageOf(c.req.param('id') ?? ''));
  c.set('person', asking.person);
  c.set('sessionToken', asking.sessionToken);
  requireRight(c, 'read');
  const { parts, person } = c.var;
  const opened = await copyInTurn(c);
  const { copy, evaluation } = opened;
  refuseOthers(fields.author, person.name);
  const place = placeOf(c, opened);
  const answers = answerFields(fields);
  const draft = { id: fields.id, fields: answers, now: parts.now() };
  const sent = await listFeedback(parts.database, place);
  if (sent.some(({ id }) => id === fields.id)) return c.redirect(`${pageOf(copy.id)}#feedback`, 303);

  const keepAnd = async (notice: string) => {
    await saveDraft(parts.database, place, draft);
    const correct = sent.length > 0 ? `&correct=${STAGE}` : '';
    return c.redirect(`${pageOf(copy.id)}?notice=${notice}${correct}#feedback`, 303);
  };
  const { sessionToken } = c.var;
  if (sessionToken === undefined || !isFormToken(sessionToken, fields['form-token'] ?? '')) return keepAnd('kept');
  if (fields['evaluation-version'] !== evaluation.version) return keepAnd('changed');
  if (fields.action === 'draft') return keepAnd('saved');

  const asked = askedAbout(opened);
  const corrects = sent.at(-1);
  const { errors, id, ...entry } = checkedForm({ asked, fields, answers, corrects }, parts.now());
  if (errors.size > 0 || id === undefined) {
    await saveDraft(parts.database, place, draft);
    const savedAt = parts.now().toISOString();
    return c.html(await page(c, opened, form(c, opened, { fields: answers, errors, savedAt, corrects })), 422);
  }
  await sendFeedback(parts.database, { ...entry, ...place, evaluation, id });
  parts.answersSent();
  return c.redirect(`${pageOf(copy.id)}#feedback`, 303);
}

/** `POST /copies/<id>/feedback/draft`: what the page keeps by itself while somebody types. */
export async function postCopyDraft(c: WebContext) {
  const fields = await formFields(c);
  const asking = await whoAsks(c);
  if (asking === undefined) throw notSignedIn();
  c.set('person', asking.person);
  requireRight(c, 'read');
  const { parts, person } = c.var;
  const opened = await copyInTurn(c);
  refuseOthers(fields.author, person.name);
  const place = placeOf(c, opened);
  const now = parts.now();
  const isKept = await saveDraft(parts.database, place, { id: fields.id, fields: answerFields(fields), now });
  return c.json({ savedAt: isKept ? now.toISOString() : null });
}

function refuseOthers(author: string | undefined, person: string): void {
  if (author === undefined || author === person) return;
  throw new ProblemError(409, 'Somebody else’s form', 'This form was opened by another person. Open the page again.');
}

async function page(c: WebContext, opened: OpenedCopy, feedback: Html): Promise<Html> {
  const { parts } = c.var;
  const exam = await examOf(parts, opened.copy.studyInstanceUid);
  return copyPage(parts, viewerOf(c), { opened, exam, feedback });
}

/** The form, with what was kept of it; or what was sent, with a way to correct it. */
async function section(c: WebContext, opened: OpenedCopy): Promise<Html> {
  const { parts, person } = c.var;
  const place = placeOf(c, opened);
  const [sent, draft] = await Promise.all([listFeedback(parts.database, place), findDraft(parts.database, place)]);
  const corrects = sent.at(-1);
  if (corrects !== undefined && c.req.query('correct') !== STAGE) {
    const { id } = opened.copy;
    const where = { run: id, author: person.name, page: pageOf(id) };
    return sentFeedback(where, askedAbout(opened), sent, { canCorrect: true, isLast: true });
  }
  return form(c, opened, {
    fields: draft?.fields ?? fieldsOfAnswers(corrects?.answers ?? []),
    errors: new Map(),
    savedAt: draft?.savedAt.toISOString(),
    corrects,
  });
}

interface Entered extends Pick<FeedbackForm, 'fields' | 'errors' | 'savedAt'> {
  readonly corrects: Feedback | undefined;
}

function form(c: WebContext, opened: OpenedCopy, entered: Entered): Html {
  const { id } = opened.copy;
  const shown = { run: id, page: pageOf(id), asked: askedAbout(opened), id: randomUUID(), entries: [], ...entered };
  return html`${feedbackForm(viewerOf(c), { ...shown, notice: NOTICES[c.req.query('notice') ?? ''] })}`;
}
