import type { Condition } from '../../schemas/pipeline.ts';
import type { AttemptFailed, End, RunStep } from '../../schemas/run.ts';
import { backoffMs } from './backoff.ts';
import { type RunState, stepState } from './state.ts';

/** Where a step stands. `waiting`: its needs have not ended. `due`: it should be called. */
export type StepStatus = 'waiting' | 'due' | 'running' | 'succeeded' | 'skipped' | 'failed';

/** A step whose function is to be called. */
export interface DueStep {
  readonly step: RunStep;
  /** Number of the attempt: the failed ones are behind it; one that was started and never ended is tried again. */
  readonly attempt: number;
  /** Not before this moment, epoch ms: a step that failed waits a while. 0 where nothing failed. */
  readonly notBefore: number;
}

/** What is to be done next for a run. */
export interface Advance {
  /** In the plan's order; steps under way among them, since nobody but the caller knows whether a call is still out. */
  readonly due: readonly DueStep[];
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
    .map((step) => dueStep(state, step));
  return { due, end: undefined };
}

function dueStep(state: RunState, step: RunStep): DueStep {
  const attempt = (stepState(state, step.name).failed.at(-1)?.attempt ?? 0) + 1;
  const counted = countedFailures(state, step);
  const last = counted.at(-1);
  return {
    step,
    attempt,
    notBefore: last === undefined ? 0 : Date.parse(last.failedAt) + backoffMs(counted.length),
  };
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

/** A step has failed when an attempt said that trying again cannot help, or all attempts are used up. */
function hasFailed(state: RunState, step: RunStep): boolean {
  const counted = countedFailures(state, step);
  return counted.some(({ retryable }) => !retryable) || counted.length >= step.attempts;
}

/**
 * The failures that count: a retry by hand gives every step all its attempts again. Counted by the attempts that it names,
 * since the clock of whoever asked for it need not be ours; one that names none counts from then or from the ending it set
 * aside, whichever is later.
 */
function countedFailures(state: RunState, step: RunStep): readonly AttemptFailed[] {
  const { failed } = stepState(state, step.name);
  const retry = state.retries.at(-1);
  if (retry === undefined) return failed;
  const { tried } = retry;
  if (tried !== undefined) return failed.filter(({ attempt }) => attempt > (tried[step.name] ?? 0));
  const since = Math.max(Date.parse(retry.at), Date.parse(retry.setAside.endedAt));
  return failed.filter(({ failedAt }) => Date.parse(failedAt) > since);
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
