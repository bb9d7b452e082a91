import type { Retry } from '../../schemas/run.ts';
import { ProblemError } from '../platform/problem.ts';
import type { ObjectStore } from '../store/store.ts';
import { canonicalJson } from './canonical.ts';
import { retryKey } from './keys.ts';
import { InvalidRunError, readRunState } from './state.ts';

/**
 * Asks by hand for another try of a run that ended badly: its ending is set aside, the step that failed gets all its
 * attempts again, and what had succeeded stays as it is. Two people who ask at once ask for the same retry.
 *
 * @param by name of the account that asks
 * @throws {ProblemError} 404 no such run, 409 it goes on, has succeeded, or has no valid plan
 */
export async function requestRetry(store: ObjectStore, run: string, by: string): Promise<Retry> {
  const state = await readRunState(store, run).catch((error: unknown) => {
    if (!(error instanceof InvalidRunError)) throw error;
    throw new ProblemError(409, 'The run has no plan', `Run ${run} has no valid plan: trying again cannot help.`);
  });
  if (state === undefined) throw new ProblemError(404, 'No such run', `There is no run ${run}.`);
  const { end } = state;
  if (end === undefined) {
    throw new ProblemError(409, 'The run goes on', 'Only a run that has ended can be tried again; this one goes on.');
  }
  if (end.status === 'succeeded') {
    throw new ProblemError(
      409,
      'The run has succeeded',
      'Only a run that ended badly can be tried again; this one succeeded.',
    );
  }
  const failed = [...state.steps].flatMap(([step, { failed }]) => {
    const last = failed.at(-1);
    return last === undefined ? [] : [[step, last.attempt] as const];
  });
  const tried = Object.fromEntries(failed);
  const retry: Retry = { number: state.retries.length + 1, by, at: new Date().toISOString(), setAside: end, tried };
  await store.put('runs', retryKey(run, retry.number), Buffer.from(canonicalJson(retry)), 'application/json');
  return retry;
}
