import type { Pipeline } from '../../schemas/pipeline.ts';
import type { Run, RunModel } from '../../schemas/run.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { planRun } from './plan.ts';

/** What a replay does otherwise than the run it repeats. */
export interface ReplayChanges {
  /** The pipeline as it is now, in place of the steps that the run had. */
  readonly pipeline?: Pipeline | undefined;
  /** Models in place of the run's, by alias. */
  readonly models?: Readonly<Record<string, RunModel>>;
}

/** A replay that cannot be made; the message says why. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/**
 * Plans a run again on the same stored inputs. A replay of a replay repeats the first run. The same replay is the same
 * run: it is made once, and compared as often as one likes.
 *
 * @param id of `run`
 * @throws {ReplayError} a model is named that the pipeline does not use
 */
export function planReplay(id: string, run: Run, changes: ReplayChanges = {}): ReturnType<typeof planRun> {
  const models = { ...run.models, ...changes.models };
  const known = Object.keys(changes.pipeline?.models ?? run.models);
  const unknown = Object.keys(models).find((alias) => !known.includes(alias));
  if (unknown !== undefined) throw new ReplayError(`The pipeline names no model \`${unknown}\`.`);
  const replayOf = run.replayOf ?? id;
  if (changes.pipeline !== undefined) {
    const { StudyInstanceUID } = run.study;
    return planRun({
      pipeline: changes.pipeline,
      StudyInstanceUID,
      instances: run.instances,
      notAdmitted: run.notAdmitted,
      models,
      replayOf,
    });
  }
  const again: Run = { ...run, models, amends: null, replayOf };
  const body = canonicalJson(again);
  return { id: sha256(body), run: again, body };
}
