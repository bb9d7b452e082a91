import type { Pipeline } from '../../schemas/pipeline.ts';
import type { Run, RunInstance, RunModel } from '../../schemas/run.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { completeNeeds } from './pipelines.ts';

/** What a run is made of. */
export interface RunPlan {
  readonly pipeline: Pipeline;
  readonly StudyInstanceUID: string;
  /** The admitted instances, in any order. */
  readonly instances: readonly RunInstance[];
  /** Instances of the study that were not admitted; kept only where none was. */
  readonly notAdmitted: Run['notAdmitted'];
  /** Alias → model, for every alias of the pipeline. */
  readonly models: Readonly<Record<string, RunModel>>;
  readonly amends?: string | null;
  readonly replayOf?: string | null;
}

/**
 * Digest of the instances that count: the study's version for a pipeline. Order does not matter; the same instances
 * sent again give the same version.
 */
export function studyVersion(instances: readonly RunInstance[]): string {
  const named = instances.map(({ SOPInstanceUID, object }) => `${SOPInstanceUID} ${object.sha256}`);
  return sha256(named.sort().join('\n'));
}

/** Resolves a plan to a run and its id, the digest of the run's canonical JSON: the same plan is the same run. */
export function planRun(plan: RunPlan): { readonly id: string; readonly run: Run; readonly body: string } {
  const { pipeline } = plan;
  const instances = [...plan.instances].sort((a, b) => (a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1));
  const run: Run = {
    pipeline: { name: pipeline.name, version: pipeline.version, title: pipeline.title },
    study: { StudyInstanceUID: plan.StudyInstanceUID, version: studyVersion(instances) },
    instances,
    notAdmitted:
      instances.length > 0 ? [] : [...plan.notAdmitted].sort((a, b) => (a.SOPClassUID < b.SOPClassUID ? -1 : 1)),
    models: { ...plan.models },
    steps: pipeline.steps.map((step) => ({
      name: step.name,
      operator: step.operator,
      needs: completeNeeds(step),
      when: step.when,
      inputs: step.inputs,
      models: step.models,
      parameters: step.parameters,
      timeoutSeconds: step.timeoutSeconds,
      attempts: step.attempts,
    })),
    amends: plan.amends ?? null,
    replayOf: plan.replayOf ?? null,
  };
  const body = canonicalJson(run);
  return { id: sha256(body), run, body };
}
