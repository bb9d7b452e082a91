import { ProblemError } from '../../lib/platform/problem.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { may } from '../accounts/rights.ts';
import { notFound } from '../api/parse.ts';
import type { WebContext } from '../parts.ts';
import { evaluationIn } from '../reading/arms.ts';
import { armsOfCopies, type Copy, copiesFor, findCopy, type ReadersCopy, seenExams, withdrawnExams } from './copies.ts';
import { whyNoReader } from './readers.ts';

/** A copy as its reader has opened it. */
export interface OpenedCopy {
  readonly copy: Copy;
  /** As it is in the arm of the exam. */
  readonly evaluation: Evaluation;
  readonly mine: ReadersCopy;
  /** Those of the exam, in the reader's order. */
  readonly ofExam: readonly ReadersCopy[];
}

/**
 * The copy that the address names, where who asks may read it.
 *
 * @throws {ProblemError} 404: there is none for them; 403: they could look up whose it is, or others read it; 410: the exam
 *   was withdrawn
 */
export async function copyOfRequest(c: WebContext): Promise<OpenedCopy> {
  const { parts, person } = c.var;
  const copy = await findCopy(parts.database, c.req.param('id') ?? '');
  const evaluation = copy && parts.blinded.get(copy.evaluation);
  if (copy === undefined || evaluation === undefined || !may(person, 'view', evaluation.name)) {
    throw notFound('segmentation');
  }
  const why = whyNoReader(parts, person, evaluation);
  if (why !== undefined) throw new ProblemError(403, 'Not yours to read', why);
  if ((await seenExams(parts.database, evaluation, person.name)).has(copy.studyInstanceUid)) {
    const rule =
      'Its readers must not know who made a segmentation, and you have looked at a result of this exam before.';
    throw new ProblemError(403, 'Not yours to read', rule);
  }
  const { arms } = evaluation.reading;
  const arm = arms && (await armsOfCopies(parts.database, evaluation.name)).get(copy.studyInstanceUid);
  const exams = await copiesFor(parts, evaluation, person.name, copy.studyInstanceUid);
  const ofExam = exams.get(copy.studyInstanceUid) ?? [];
  const mine = ofExam.find((one) => one.copy.id === copy.id);
  if (mine === undefined && !(await withdrawnExams(parts.database, evaluation.pipeline)).has(copy.studyInstanceUid)) {
    const rule =
      arm === undefined && evaluation.reading.arms !== undefined
        ? 'This exam has come to no arm of the evaluation yet, and is not read. It is given out with your list.'
        : 'This exam was given to other readers.';
    throw new ProblemError(403, 'Not yours to read', rule);
  }
  if (mine === undefined) {
    throw new ProblemError(410, 'Withdrawn', 'Somebody has withdrawn this exam: nothing of it is asked any more.');
  }
  return { copy, evaluation: evaluationIn(evaluation, arm), mine, ofExam };
}

/** As `copyOfRequest`, where it is the reader's turn. @throws {ProblemError} 409: others come before it */
export async function copyInTurn(c: WebContext): Promise<OpenedCopy> {
  const opened = await copyOfRequest(c);
  if (opened.mine.state !== 'later') return opened;
  throw new ProblemError(
    409,
    'Not its turn yet',
    'Another segmentation of the exam comes first. Send that one before.',
  );
}
