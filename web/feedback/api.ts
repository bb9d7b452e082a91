import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import { Evaluation, Feedback, FeedbackSubmission } from '../../schemas/evaluation.ts';
import { RunId } from '../../schemas/run.ts';
import { may } from '../accounts/rights.ts';
import { jsonBody, parseOrRefuse } from '../api/parse.ts';
import type { WebContext } from '../parts.ts';
import { listFeedback, sendFeedback } from './entries.ts';
import { checkAnswers } from './form.ts';
import { questioned, requirePart, sentOrAsked } from './handlers.ts';
import { timePointsOf } from './time-points.ts';

/** Answer of `GET /api/v1/runs/<id>/feedback`. */
export const FeedbackList = z.object({
  run: RunId,
  /** The form in effect. */
  evaluation: Evaluation,
  /** Oldest first. Readers see their own, who leads the evaluation everybody's. */
  feedback: z.array(Feedback),
});

/** `GET /api/v1/runs/<id>/feedback` */
export async function getFeedback(c: WebContext) {
  const { parts, person } = c.var;
  const { run, evaluation } = await questioned(c);
  const author = may(person, 'lead', evaluation.name) ? undefined : person.name;
  const feedback = await listFeedback(parts.database, { run: run.id, evaluation: evaluation.name, author });
  return c.json({ run: run.id, evaluation, feedback } satisfies z.infer<typeof FeedbackList>);
}

/** `POST /api/v1/runs/<id>/feedback`: 201 with the entry, 200 where it was sent before. */
export async function postFeedback(c: WebContext) {
  const { parts, person } = c.var;
  const { run, evaluation, result } = await questioned(c);
  requirePart(c, evaluation);
  const submission = parseOrRefuse(FeedbackSubmission, await jsonBody(c), { status: 422, title: 'Not an entry' });
  if (submission.evaluationVersion !== evaluation.version) {
    throw new ProblemError(
      409,
      'The form has changed',
      `The form in effect is version ${evaluation.version}; the answers are for ${submission.evaluationVersion}.`,
    );
  }
  const { id, reason, stage } = submission;
  const timePoints = await timePointsOf(c, evaluation, run);
  const { answers, errors } = checkAnswers({ evaluation, result, stage, timePoints }, submission.answers);
  const [first] = errors;
  if (first !== undefined) throw new ProblemError(422, 'Answers not accepted', `${first[0]}: ${first[1]}`);
  await sentOrAsked(c, evaluation, run, stage);
  const made = { id, run: run.id, evaluation, stage, author: person.name, now: parts.now() };
  const entry = { ...made, answers, agreedWithAll: false, reviewTime: null, reason };
  const sent = await sendFeedback(parts.database, entry);
  if (sent.isNew) parts.answersSent();
  return c.json(sent.entry, sent.isNew ? 201 : 200);
}
