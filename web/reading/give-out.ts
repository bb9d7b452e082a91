import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Parts } from '../parts.ts';
import { allocateExams } from './allocate.ts';
import { assignReaders } from './assign.ts';

/** What giving exams out works with. */
export type Giving = Pick<Parts, 'database' | 'archive' | 'launchKey' | 'now'>;

/**
 * Gives exams that are ready to the arms of an evaluation, and then to its readers. Nothing happens where all are given.
 *
 * @param study only this exam
 */
export async function giveOut(parts: Giving, evaluation: Evaluation, study?: string): Promise<void> {
  await allocateExams(parts, evaluation, study);
  await assignReaders(parts, evaluation, study);
}
