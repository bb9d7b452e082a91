import type { Condition } from '../../schemas/pipeline.ts';
import type { End, RunStep } from '../../schemas/run.ts';
import { type RunState, stepState } from './state.ts';

/** Where a step stands. `waiting`: its needs have not ended. `due`: it should be called. */
export type StepStatus = 'waiting' | 'due' | 'running' | 'succeeded' | 'skipped' | 'failed';

/** What is to be done next for a run. */
export interface Advance {
  /** Steps whose function is to be called, with the number of the next attempt. */
  readonly due: readonly { readonly step: RunStep; readonly attempt: number }[];
  /** How the run ends; undefined while it goes on or when it has ended already. */
  readonly end: Omit<End, 'endedAt'> | undefined;
}

/**
 * What is to be done next, from what the store holds. Pure and idempotent: whoever calls it, however often, gets the same
 * answer for the same state; doing it twice does no harm, since a step with a manifest answers at once.
 */
export function advance(state: RunState): Advance {
  if (state.end !== undefined) return { due: [], end: undefined };
  const statuses = stepStatuses(state);
  for (const step of state.run.steps) {
    if (statuses.get(step.name) === 'failed') return { due: [], end: failedEnd(state, step) };
  }
  if ([...statuses.values()].every((status) => status === 'succeeded' || status === 'skipped')) {
    return { due: [], end: { status: 'succeeded', reason: null, step: null, retries: state.retries.length } };
  }
  const due = state.run.steps
    .filter(({ name }) => ['due', 'running'].includes(statuses.get(name) ?? ''))
    .map((step) => ({ step, attempt: stepState(state, step.name).failed.length + 1 }));
  return { due, end: undefined };
}

/** The status of every step, in the plan's order. A step is skipped when a condition does not hold or a need was skipped. */
export function stepStatuses(state: RunState): ReadonlyMap<string, StepStatus> {
  const statuses = new Map<string, StepStatus>();
  for (const step of state.run.steps) statuses.set(step.name, stepStatus(state, step, statuses));
  return statuses;
}

function stepStatus(state: RunState, step: RunStep, earlier: ReadonlyMap<string, StepStatus>): StepStatus {
  const { manifest, started, failed } = stepState(state, step.name);
  if (manifest !== undefined) return 'succeeded';
  if (hasFailed(state, step)) return 'failed';
  const needs = step.needs.map((need) => earlier.get(need));
  if (needs.includes('skipped')) return 'skipped';
  if (!needs.every((status) => status === 'succeeded')) return 'waiting';
  if (!step.when.every((condition) => holds(state, condition))) return 'skipped';
  return started.length > failed.length ? 'running' : 'due';
}

/**
 * A step has failed when an attempt said that trying again cannot help, or all attempts are used up. A retry by hand
 * gives it that many attempts again, counted from the retry.
 */
function hasFailed(state: RunState, step: RunStep): boolean {
  const since = state.retries.at(-1)?.at ?? '';
  const counted = stepState(state, step.name).failed.filter(({ failedAt }) => failedAt > since);
  return counted.some(({ retryable }) => !retryable) || counted.length >= step.attempts;
}

function failedEnd(state: RunState, step: RunStep): Omit<End, 'endedAt'> {
  const last = stepState(state, step.name).failed.at(-1);
  const outOfScope = last?.problem.outOfScope === true;
  return {
    status: outOfScope ? 'out-of-scope' : 'failed',
    reason: last?.problem.detail ?? last?.problem.title ?? `Step ${step.name} failed.`,
    step: step.name,
    retries: state.retries.length,
  };
}

function holds(state: RunState, condition: Condition): boolean {
  const value = stepState(state, condition.step).manifest?.data[condition.data];
  if (condition.equals !== undefined) return value === condition.equals;
  return typeof value === 'number' && condition.atLeast !== undefined && value >= condition.atLeast;
}
