import { createHmac } from 'node:crypto';
import type { ExamFacts } from '../../lib/archive/exam-facts.ts';
import type { Arm, Evaluation, Reading } from '../../schemas/evaluation.ts';

/** So many rounds of all arms are one block: more than one, so that what comes next cannot be told from what came. */
const ROUNDS = 2;

/** The key of lots and allocations, from the site's secret: who does not have it cannot tell what comes next. */
export function lotKey(secret: Buffer): Buffer {
  return createHmac('sha256', secret).update('lots of evaluations').digest();
}

/** What a lot is drawn for: always the same number of it, and no more to be foreseen than the key. */
export function lot(key: Buffer, drawnFor: readonly (string | number)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(drawnFor)).digest('hex');
}

/** The arms as they are declared, in a line: another line, another sequence of blocks. */
export function designOf(arms: readonly Arm[]): string {
  return arms.map(({ name, share }) => `${name}:${share}`).join(' ');
}

/** Where an exam stands in the sequence of its stratum. */
export interface Place {
  readonly evaluation: string;
  readonly stratum: string;
  /** From 0. */
  readonly place: number;
}

/**
 * The arm of the n-th exam of a stratum, by permuted blocks (Matts and Lachin, Control Clin Trials 1988;9:327–344): a block
 * holds each arm twice its share, in an order drawn by lot, so that in every stratum the arms keep to their shares from
 * block to block. The same key and place give the same arm again.
 *
 * @param key of `lotKey`
 */
export function armAt(arms: readonly Arm[], key: Buffer, { evaluation, stratum, place }: Place): string {
  const slots = arms.flatMap(({ name, share }) => Array.from({ length: share * ROUNDS }, () => name));
  const block = Math.floor(place / slots.length);
  const of = (slot: number) => lot(key, [evaluation, designOf(arms), stratum, block, slot]);
  const drawn = slots.map((name, slot) => ({ name, lot: of(slot) })).sort((a, b) => (a.lot < b.lot ? -1 : 1));
  const chosen = drawn[place % slots.length];
  if (chosen === undefined) throw new RangeError('An evaluation with arms has at least one.');
  return chosen.name;
}

/** What an exam is alike in with others of its stratum; empty where the evaluation does not stratify. */
export function stratumOf({ stratify = [] }: Reading, facts: ExamFacts | undefined): string {
  const value = { sex: facts?.sex, 'age-band': facts?.ageBand, scanner: facts?.scanner };
  return stratify.map((by) => `${by}=${value[by] ?? '?'}`).join('; ');
}

/** The evaluation as it is in one of its arms. */
export function inArm(evaluation: Evaluation, { mode, showVolumes }: Arm): Evaluation {
  const { reading } = evaluation;
  const volumes = showVolumes === undefined ? {} : { showVolumes };
  return { ...evaluation, reading: { ...reading, mode: mode ?? reading.mode, ...volumes } };
}

/**
 * The evaluation as it is for an exam.
 *
 * @param arm that the exam came to; undefined: none yet, or none that is still declared. Then nothing is shown to readers.
 */
export function evaluationIn(evaluation: Evaluation, arm: string | undefined): Evaluation {
  const { arms } = evaluation.reading;
  if (arms === undefined) return evaluation;
  const own = arms.find(({ name }) => name === arm);
  return inArm(evaluation, own ?? { name: 'none', mode: 'never-revealed', share: 1 });
}
