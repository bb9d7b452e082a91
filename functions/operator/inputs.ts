import { ProblemError, unprocessable } from '../../lib/platform/problem.ts';
import { readManifest } from '../../lib/runs/state.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { getVerified, streamVerified } from '../../lib/store/verified.ts';
import type { Manifest } from '../../schemas/manifest.ts';
import type { Run, RunStep } from '../../schemas/run.ts';
import type { ObjectReference } from '../../schemas/store.ts';
import type { StageClock } from './clock.ts';
import type { InputFile, Operator } from './define.ts';

/** A step's inputs, by name, and when the last of them was there. */
export interface ResolvedInputs {
  readonly references: Readonly<Record<string, readonly ObjectReference[]>>;
  readonly at: string;
}

/**
 * Finds the objects of every input that the operator declares.
 *
 * @throws {ProblemError} 422 where the plan does not name one, 503 where an earlier step has no manifest yet
 */
export async function resolveInputs(
  store: ObjectStore,
  runId: string,
  run: Run,
  step: RunStep,
  operator: Operator,
): Promise<ResolvedInputs> {
  const names = [...Object.keys(operator.inputs), ...Object.keys(operator.optionalInputs)];
  const manifests = await manifestsOf(
    store,
    runId,
    names.map((name) => step.inputs[name]),
  );
  const references: Record<string, readonly ObjectReference[]> = {};
  for (const name of names) {
    const [from, output] = step.inputs[name]?.split('.') ?? [];
    if (from === undefined && name in operator.optionalInputs) {
      references[name] = [];
      continue;
    }
    if (from === undefined || output === undefined) {
      throw unprocessable(`Step ${step.name} gives its operator ${operator.name} no input \`${name}\`.`);
    }
    if (from === 'run') {
      references[name] = runInput(run, step, output);
      continue;
    }
    const manifest = manifests.get(from);
    if (manifest === undefined) {
      throw new ProblemError(503, 'Not yet', `Step ${step.name} needs ${from}, which has not ended.`);
    }
    const objects = manifest.outputs[output];
    if (objects === undefined) throw unprocessable(`Step ${from} has no output \`${output}\`.`);
    references[name] = objects;
  }
  const finished = [...manifests.values()].map(({ finishedAt }) => finishedAt).sort();
  return { references, at: finished.at(-1) ?? new Date(0).toISOString() };
}

/** The manifests of the steps that these sources name, each read once, all at the same time. */
async function manifestsOf(
  store: ObjectStore,
  runId: string,
  sources: readonly (string | undefined)[],
): Promise<ReadonlyMap<string, Manifest>> {
  const steps = new Set(sources.flatMap((source) => source?.split('.')[0] ?? []));
  steps.delete('run');
  const manifests = new Map<string, Manifest>();
  await Promise.all(
    Array.from(steps, async (step) => {
      const manifest = await readManifest(store, runId, step);
      if (manifest !== undefined) manifests.set(step, manifest);
    }),
  );
  return manifests;
}

function runInput(run: Run, step: RunStep, output: string): ObjectReference[] {
  if (output === 'instances') return run.instances.map(({ object }) => object);
  if (output === 'imported' && run.imported !== undefined) return [run.imported];
  if (output === 'edited' && run.edited !== undefined) return [run.edited];
  throw unprocessable(
    `Step ${step.name} asks for \`run.${output}\`; a run has \`run.instances\`, \`run.imported\` where a file was brought in, and \`run.edited\` where that is an edit.`,
  );
}

/** A named object as a file of an operator. */
export function inputFile(
  store: ObjectStore,
  reference: ObjectReference,
  clock: StageClock,
  signal: AbortSignal,
): InputFile {
  const { key, sha256, size } = reference;
  return {
    name: key.slice(key.lastIndexOf('/') + 1),
    sha256,
    size,
    read: () => {
      signal.throwIfAborted();
      return clock.during('fetch', () => getVerified(store, reference));
    },
    stream: () => {
      signal.throwIfAborted();
      return streamVerified(store, reference);
    },
  };
}
