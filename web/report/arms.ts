import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Parts } from '../parts.ts';
import { evaluationIn } from '../reading/arms.ts';
import { armsOfExams } from '../reading/case.ts';
import type { Sources } from './exams.ts';
import type { Reported } from './links.ts';

/** The evaluation as it is in one of its arms, of whose exams alone the report is then made. @param arm undefined: all exams */
export function reportedOn(evaluation: Evaluation, arm: string | undefined): Reported {
  return arm === undefined ? evaluation : { ...evaluationIn(evaluation, arm), arm };
}

/** Sources that know, too, which arm exams came to. */
export function withArms<From extends Sources & Pick<Parts, 'database'>>(from: From, evaluation: Evaluation): From {
  if (evaluation.reading.arms === undefined) return from;
  return { ...from, armsOf: (studies) => armsOfExams(from, evaluation, [...new Set(studies)]) };
}
