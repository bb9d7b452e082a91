import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Person } from '../accounts/accounts.ts';
import { may } from '../accounts/rights.ts';
import type { Parts } from '../parts.ts';

/**
 * Why a person cannot judge the segmentations of an evaluation without knowing whose they are, and what to do about it;
 * undefined where they can. Whoever sees the results of the pipeline, browses the store, or leads, could look it up.
 */
export function whyNoReader(
  { evaluations, pipelines }: Pick<Parts, 'evaluations' | 'pipelines'>,
  person: Person,
  { name, title, pipeline }: Evaluation,
): string | undefined {
  if (!may(person, 'read', name)) return 'You are no reader of this evaluation.';
  // What a token leaves out, its owner can still do.
  const whole = { ...person, scope: undefined };
  const primary = evaluations.get(pipeline)?.name ?? null;
  if (may(whole, 'browse-data', name) || may(whole, 'browse-data', primary)) {
    return `Its readers must not know who made a segmentation, and your account can browse the store, where it is written. Read with another account, one that has the role reader for “${title}” alone.`;
  }
  if (may(whole, 'lead', name)) {
    return `Its readers must not know who made a segmentation, and you lead the evaluation: you can look it up. Read with another account, one that has the role reader for “${title}” alone.`;
  }
  if (may(whole, 'view', primary)) {
    const results = pipelines.get(pipeline)?.title ?? pipeline;
    return `Its readers must not know who made a segmentation, and your account can open the results of “${results}”, where it is written. An administrator gives you the role reader for “${title}” alone, in place of the one you have: then you can read here.`;
  }
  return undefined;
}
