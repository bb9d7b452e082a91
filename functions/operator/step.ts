import { cpus } from 'node:os';
import { z } from 'zod';
import type { Logger } from '../../lib/platform/log.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { canonicalJson, sha256 } from '../../lib/runs/canonical.ts';
import { attemptPrefix, manifestKey } from '../../lib/runs/keys.ts';
import { readManifest, readRun } from '../../lib/runs/state.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import type { Device, Manifest } from '../../schemas/manifest.ts';
import type { Run, RunModel, RunStep } from '../../schemas/run.ts';
import type { Bucket, ObjectReference } from '../../schemas/store.ts';
import { StageClock } from './clock.ts';
import type { InputFile, Operator, RunFacts, StepContext } from './define.ts';
import { inputFile, type ResolvedInputs, resolveInputs } from './inputs.ts';
import type { ModelCache } from './models.ts';

/** What a call asks for. */
export interface StepCall {
  readonly run: string;
  readonly step: string;
  /** Default: the next number that no attempt has. */
  readonly attempt?: number | undefined;
  readonly signal: AbortSignal;
}

/** What the calls of one process share. */
export interface StepWorld {
  readonly store: ObjectStore;
  readonly models: ModelCache;
  readonly log: Logger;
}

/**
 * Does one step of a run: inputs from the store, outputs below the attempt's prefix, the manifest last. Where a manifest
 * for the same inputs is there already, it is the answer. Nothing is written after `signal` has aborted.
 *
 * @throws {ProblemError} 422 where it can never work, 503 where an earlier step has not ended
 * @throws the operator's own error, or `signal.reason`
 */
export async function runStep(operator: Operator, call: StepCall, world: StepWorld): Promise<Manifest> {
  const { store } = world;
  const startedAt = new Date().toISOString();
  const clock = new StageClock();

  const { run, step } = await clock.during('fetch', () => readStep(store, call, operator));
  const parameters = parseParameters(operator, step);
  const models = plannedModels(operator, run, step);
  const [inputs, known] = await clock.during('fetch', () =>
    Promise.all([resolveInputs(store, call.run, run, step, operator), readManifest(store, call.run, call.step)]),
  );
  const inputDigest = digestOf(operator, parameters, models, inputs);
  if (known?.inputDigest === inputDigest) return known;

  const attempt = call.attempt ?? (await nextAttempt(store, call));
  const outputs = new Outputs(store, call, attempt, run, clock);
  let device: Device = { kind: 'cpu', name: cpus()[0]?.model ?? 'unknown', threads: 1 };
  const context: StepContext = {
    parameters,
    run: factsOf(call.run, run, inputs),
    ...inputContext(operator, inputs, (reference) => inputFile(store, reference, clock, call.signal)),
    model: (name) => world.models.model(declared(models, 'model', name), clock),
    output: (name, file, body, contentType) => outputs.add(operator, name, file, body, contentType),
    publish: (name, file, body, contentType) => outputs.publish(operator, name, file, body, contentType),
    ranOn: (used) => {
      device = used;
    },
    signal: call.signal,
    log: world.log,
  };
  const data = await operator.run(context);
  call.signal.throwIfAborted();

  const manifest: Manifest = {
    run: call.run,
    step: call.step,
    operator: operator.name,
    operatorVersion: operator.version,
    inputDigest,
    attempt,
    startedAt,
    finishedAt: new Date().toISOString(),
    outputs: outputs.named(operator),
    data,
    timings: clock.timings(),
    device,
  };
  return writeManifest(store, manifest);
}

/** Ends the step. Another worker may have ended it meanwhile with the same outputs: then its manifest stays the one. */
async function writeManifest(store: ObjectStore, manifest: Manifest): Promise<Manifest> {
  const others = await readManifest(store, manifest.run, manifest.step);
  if (others?.inputDigest === manifest.inputDigest) return others;
  const key = manifestKey(manifest.run, manifest.step);
  await store.put('runs', key, Buffer.from(JSON.stringify(manifest)), 'application/json');
  return manifest;
}

async function readStep(store: ObjectStore, call: StepCall, operator: Operator): Promise<{ run: Run; step: RunStep }> {
  const run = await readRun(store, call.run).catch((error: unknown) => {
    if (error instanceof ObjectNotFoundError) throw unprocessable(`There is no run ${call.run}.`, error);
    throw error;
  });
  const step = run.steps.find(({ name }) => name === call.step);
  if (step === undefined) throw unprocessable(`Run ${call.run} has no step ${call.step}.`);
  if (step.operator !== operator.name) {
    throw unprocessable(`Step ${call.step} is work for ${step.operator}; this is ${operator.name}.`);
  }
  return { run, step };
}

function parseParameters(operator: Operator, step: RunStep): Record<string, unknown> {
  const parsed = z.strictObject(operator.parameters.shape).safeParse(step.parameters);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = ['parameters', ...(issue?.path ?? [])].join('.');
  throw unprocessable(`Step ${step.name}: ${where}: ${issue?.message ?? 'not valid'}`, parsed.error);
}

function plannedModels(operator: Operator, run: Run, step: RunStep): Record<string, RunModel> {
  return Object.fromEntries(
    Object.keys(operator.models).map((name) => {
      const model = run.models[step.models[name] ?? ''];
      if (model === undefined) throw unprocessable(`Step ${step.name} names no model as \`${name}\`.`);
      return [name, model];
    }),
  );
}

/** SHA-256 over everything that decides what the outputs are. */
function digestOf(
  operator: Operator,
  parameters: Record<string, unknown>,
  models: Record<string, RunModel>,
  inputs: ResolvedInputs,
): string {
  const digests = Object.entries(inputs.references).map(([name, objects]) => [name, objects.map((o) => o.sha256)]);
  return sha256(
    canonicalJson({
      operator: operator.name,
      version: operator.version,
      parameters,
      models: Object.fromEntries(Object.entries(models).map(([name, m]) => [name, [m.sha256, m.card.sha256]])),
      inputs: Object.fromEntries(digests),
    }),
  );
}

async function nextAttempt(store: ObjectStore, call: StepCall): Promise<number> {
  let last = 0;
  for await (const prefix of store.listPrefixes('runs', `${call.run}/steps/${call.step}/`)) {
    last = Math.max(last, Number(prefix.split('/').at(-2)) || 0);
  }
  return last + 1;
}

function factsOf(id: string, run: Run, inputs: ResolvedInputs): RunFacts {
  return {
    id,
    pipeline: run.pipeline,
    StudyInstanceUID: run.study.StudyInstanceUID,
    notAdmitted: run.notAdmitted,
    models: Object.values(run.models).map(({ name, version, sha256: digest }) => ({ name, version, sha256: digest })),
    inputsAt: inputs.at,
  };
}

function inputContext(
  operator: Operator,
  inputs: ResolvedInputs,
  open: (reference: ObjectReference) => InputFile,
): Pick<StepContext, 'input' | 'inputFile'> {
  const files = Object.fromEntries(
    Object.entries(inputs.references).map(([name, references]) => [name, references.map(open)]),
  );
  return filesOf(operator, files);
}

/** `input` and `inputFile` of a context over the files of each input. */
export function filesOf(
  operator: Operator,
  files: Readonly<Record<string, readonly InputFile[]>>,
): Pick<StepContext, 'input' | 'inputFile'> {
  const input = (name: string) => declared(files, 'input', name);
  return {
    input,
    inputFile: (name) => {
      const [file, ...more] = input(name);
      if (file !== undefined && more.length === 0) return file;
      throw unprocessable(`Input \`${name}\` of ${operator.name} is one file; there are ${input(name).length}.`);
    },
  };
}

function declared<T>(values: Readonly<Record<string, T>>, kind: string, name: string): T {
  const value = values[name];
  if (value === undefined) throw new TypeError(`The operator did not declare ${kind} \`${name}\`.`);
  return value;
}

/** The outputs of an attempt, in the order in which they were asked to be stored. */
class Outputs {
  readonly #store: ObjectStore;
  readonly #call: StepCall;
  readonly #prefix: string;
  readonly #resultPrefix: string;
  readonly #clock: StageClock;
  readonly #pending = new Map<string, (ObjectReference | undefined)[]>();

  constructor(store: ObjectStore, call: StepCall, attempt: number, run: Run, clock: StageClock) {
    this.#store = store;
    this.#call = call;
    this.#prefix = attemptPrefix(call.run, call.step, attempt);
    this.#resultPrefix = `${run.pipeline.name}/${call.run}/`;
    this.#clock = clock;
  }

  add(operator: Operator, name: string, file: string, body: Uint8Array, type?: string): Promise<ObjectReference> {
    return this.#put(operator, name, 'runs', this.#prefix + file, body, type);
  }

  publish(operator: Operator, name: string, file: string, body: Uint8Array, type?: string): Promise<ObjectReference> {
    return this.#put(operator, name, 'results', this.#resultPrefix + file, body, type);
  }

  /** Every declared output; one that got no file is an empty list. */
  named(operator: Operator): Manifest['outputs'] {
    return Object.fromEntries(
      Object.keys(operator.outputs).map((name) => [
        name,
        (this.#pending.get(name) ?? []).filter((reference) => reference !== undefined),
      ]),
    );
  }

  async #put(
    operator: Operator,
    name: string,
    bucket: Bucket,
    key: string,
    body: Uint8Array,
    type?: string,
  ): Promise<ObjectReference> {
    declared(operator.outputs, 'output', name);
    this.#call.signal.throwIfAborted();
    const references = this.#pending.get(name) ?? [];
    this.#pending.set(name, references);
    const index = references.push(undefined) - 1;
    const reference = await this.#clock.during('store', () => this.#store.put(bucket, key, body, type));
    references[index] = reference;
    return reference;
  }
}
