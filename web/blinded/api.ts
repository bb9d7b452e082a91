import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import { Evaluation, Feedback, FeedbackSubmission } from '../../schemas/evaluation.ts';
import { Sha256 } from '../../schemas/scalars.ts';
import { requireRight } from '../accounts/rights.ts';
import { jsonBody, parseOrRefuse } from '../api/parse.ts';
import { listFeedback, sendFeedback } from '../feedback/entries.ts';
import { checkAnswers } from '../feedback/form.ts';
import type { WebContext } from '../parts.ts';
import { askedAbout, placeOf } from './handlers.ts';
import { copyInTurn } from './opened.ts';

/** Answer of `GET /api/v1/copies/<id>/feedback`. */
export const CopyFeedbackList = z.object({
  copy: Sha256,
  /** The form in effect, without what it says of sources. */
  form: Evaluation.pick({ name: true, version: true, title: true, introduction: true, questions: true }),
  /** What who asks has sent, oldest first. */
  feedback: z.array(Feedback),
});

/** `GET /api/v1/copies/<id>/feedback` */
export async function getCopyFeedback(c: WebContext) {
  const opened = await copyInTurn(c);
  const { name, version, title, introduction, questions } = opened.evaluation;
  const feedback = await listFeedback(c.var.parts.database, placeOf(c, opened));
  const form = { name, version, title, introduction, questions };
  return c.json({ copy: opened.copy.id, form, feedback } satisfies z.infer<typeof CopyFeedbackList>);
}

/** `POST /api/v1/copies/<id>/feedback`: 201 with the entry, 200 where it was sent before. */
export async function postCopyFeedback(c: WebContext) {
  requireRight(c, 'read');
  const opened = await copyInTurn(c);
  const { evaluation } = opened;
  const submission = parseOrRefuse(FeedbackSubmission, await jsonBody(c), { status: 422, title: 'Not an entry' });
  if (submission.evaluationVersion !== evaluation.version) {
    const rule = `The form in effect is version ${evaluation.version}; the answers are for ${submission.evaluationVersion}.`;
    throw new ProblemError(409, 'The form has changed', rule);
  }
  if (submission.stage !== 'blinded') {
    throw new ProblemError(422, 'Answers not accepted', 'A segmentation is judged at the stage blinded.');
  }
  const { answers, errors } = checkAnswers(askedAbout(opened), submission.answers);
  const [first] = errors;
  if (first !== undefined) throw new ProblemError(422, 'Answers not accepted', `${first[0]}: ${first[1]}`);
  const { id, reason } = submission;
  const { parts } = c.var;
  const made = { ...placeOf(c, opened), id, evaluation, answers, agreedWithAll: false, reviewTime: null, reason };
  const sent = await sendFeedback(parts.database, { ...made, now: parts.now() });
  if (sent.isNew) parts.answersSent();
  return c.json(sent.entry, sent.isNew ? 201 : 200);
}
