import type { RunView } from '../../schemas/api.ts';
import { stepStatuses } from './advance.ts';
import { statementOf } from './import.ts';
import { type RunState, stepState } from './state.ts';

/** A run as the API shows it (without its result, which lies in the bucket `results`). */
export function viewRun(state: RunState): Omit<RunView, 'result'> {
  const { run, end } = state;
  const statuses = stepStatuses(state);
  const imported = statementOf(run);
  const begun = [...state.steps.values()].some(({ started, manifest }) => started.length > 0 || manifest !== undefined);
  return {
    id: state.id,
    pipeline: run.pipeline.name,
    pipelineVersion: run.pipeline.version,
    studyInstanceUid: run.study.StudyInstanceUID,
    status: end?.status ?? (begun ? 'running' : 'queued'),
    reason: end?.reason ?? null,
    createdAt: state.createdAt.toISOString(),
    finishedAt: end?.endedAt ?? null,
    amends: run.amends,
    replayOf: run.replayOf,
    triggers: [...state.triggers],
    models: Object.values(run.models).map(({ name, version, sha256 }) => ({ name, version, sha256 })),
    steps: run.steps.map(({ name, operator }) => {
      const { manifest, started, failed } = stepState(state, name);
      const failure = manifest === undefined ? failed.at(-1) : undefined;
      return {
        name,
        operator,
        status: statuses.get(name) ?? 'waiting',
        attempts: Math.max(started.length, failed.length, manifest?.attempt ?? 0),
        startedAt: started[0]?.startedAt ?? manifest?.startedAt ?? null,
        finishedAt: manifest?.finishedAt ?? null,
        error: failure?.problem.detail ?? null,
        retryable: failure?.retryable ?? null,
        device: manifest?.device ?? null,
        timings: manifest?.timings ?? null,
      };
    }),
    ...(imported === undefined ? {} : { imported }),
  };
}
