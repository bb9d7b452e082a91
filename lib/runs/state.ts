import type { z } from 'zod';
import { Manifest } from '../../schemas/manifest.ts';
import { AttemptFailed, AttemptStarted, End, Retry, Run, Trigger } from '../../schemas/run.ts';
import { ObjectNotFoundError, type ObjectStore, type ObjectSummary } from '../store/store.ts';
import { endKey, manifestKey, parseRunKey, type RunObject, runKey } from './keys.ts';

/** Everything the store holds of one step. */
export interface StepState {
  readonly manifest: Manifest | undefined;
  /** By attempt number, ascending. */
  readonly started: readonly AttemptStarted[];
  readonly failed: readonly AttemptFailed[];
}

/** Everything the store holds of one run: the truth from which it is advanced and shown. */
export interface RunState {
  readonly id: string;
  readonly run: Run;
  /** When run.json was stored. */
  readonly createdAt: Date;
  readonly triggers: readonly Trigger[];
  readonly retries: readonly Retry[];
  /** The ending that counts; undefined while the run goes on, or when a retry by hand set the ending aside. */
  readonly end: End | undefined;
  readonly steps: ReadonlyMap<string, StepState>;
}

const EMPTY_STEP: StepState = { manifest: undefined, started: [], failed: [] };

/** State of a step, of which the store may not hold anything yet. */
export function stepState(state: RunState, step: string): StepState {
  return state.steps.get(step) ?? EMPTY_STEP;
}

/** Reads a run's plan. @throws {ObjectNotFoundError} there is no such run */
export async function readRun(store: ObjectStore, id: string): Promise<Run> {
  return Run.parse(JSON.parse((await store.get('runs', runKey(id))).toString('utf8')));
}

/** The manifest of a step; undefined while there is none, or none that is one. */
export async function readManifest(store: ObjectStore, id: string, step: string): Promise<Manifest | undefined> {
  return Manifest.safeParse(await readJson(store, manifestKey(id, step))).data;
}

/** How a run ended; undefined while it has not, or nothing says so that is an ending. */
export async function readEnd(store: ObjectStore, id: string): Promise<End | undefined> {
  return End.safeParse(await readJson(store, endKey(id))).data;
}

/** The objects of one run as they were read, by key. */
export type RunObjects = ReadonlyMap<string, ReadObject>;

interface ReadObject {
  readonly size: number;
  /** When it was stored, epoch ms. NaN: it was read without being listed. */
  readonly modified: number;
  /** Undefined where it is not what its key says. */
  readonly meaning: Meaning | undefined;
}

/** What an object of a run says, understood. */
type Meaning =
  | { readonly kind: 'run'; readonly value: Run }
  | { readonly kind: 'end'; readonly value: End }
  | { readonly kind: 'trigger'; readonly value: Trigger }
  | { readonly kind: 'retry'; readonly value: Retry }
  | { readonly kind: 'manifest'; readonly step: string; readonly value: Manifest }
  | { readonly kind: 'started'; readonly step: string; readonly value: AttemptStarted }
  | { readonly kind: 'failed'; readonly step: string; readonly value: AttemptFailed };

/** run.json is there and is no plan: the run can only end as failed. */
export class InvalidRunError extends Error {
  override readonly name = 'InvalidRunError';
}

/**
 * Reads all that the store holds of a run, with one listing; undefined where there is no such run. Besides run.json an
 * object that is not what its key says counts as absent: whoever should have written it has not.
 *
 * @throws {InvalidRunError} run.json is not a plan
 */
export async function readRunState(store: ObjectStore, id: string): Promise<RunState | undefined> {
  return runStateOf(id, await readRunObjects(store, id));
}

/** Reads the objects of a run that are listed. @param known of an earlier reading: what has not changed is not read again */
export async function readRunObjects(
  store: ObjectStore,
  id: string,
  known: RunObjects = new Map(),
): Promise<RunObjects> {
  const listed: ObjectSummary[] = [];
  for await (const object of store.list('runs', `${id}/`)) {
    if (objectOf(object.key) !== undefined) listed.push(object);
  }
  // Without a plan there is no run, whatever else is there.
  if (!listed.some(({ key }) => key === runKey(id))) return new Map();
  const read = listed.map(async ({ key, size, lastModified }): Promise<[string, ReadObject]> => {
    const modified = lastModified.getTime();
    const before = known.get(key);
    if (before?.size === size && before.modified === modified) return [key, before];
    return [key, { size, modified, meaning: meaningOf(key, await readJson(store, key)) }];
  });
  return new Map(await Promise.all(read));
}

/** What was read of a run, with some of its objects read now; nothing is listed. `keys` are none of run.json. */
export async function rereadRunObjects(
  store: ObjectStore,
  known: RunObjects,
  keys: Iterable<string>,
): Promise<RunObjects> {
  const read = Array.from(keys, async (key): Promise<[string, ReadObject]> => {
    return [key, { size: 0, modified: Number.NaN, meaning: meaningOf(key, await readJson(store, key)) }];
  });
  return new Map([...known, ...(await Promise.all(read))]);
}

/** What the objects of a run say together; undefined where there is no such run. @throws {InvalidRunError} run.json is not a plan */
export function runStateOf(id: string, objects: RunObjects): RunState | undefined {
  const plan = objects.get(runKey(id));
  if (plan === undefined) return undefined;
  const triggers: Trigger[] = [];
  const retries: Retry[] = [];
  const steps = new Map<string, MutableStep>();
  const step = (name: string) => {
    const state = steps.get(name) ?? { manifest: undefined, started: [], failed: [] };
    steps.set(name, state);
    return state;
  };
  let run: Run | undefined;
  let end: End | undefined;
  for (const { meaning } of objects.values()) {
    if (meaning?.kind === 'run') run = meaning.value;
    if (meaning?.kind === 'end') end = meaning.value;
    if (meaning?.kind === 'trigger') triggers.push(meaning.value);
    if (meaning?.kind === 'retry') retries.push(meaning.value);
    if (meaning?.kind === 'manifest') step(meaning.step).manifest = meaning.value;
    if (meaning?.kind === 'started') step(meaning.step).started.push(meaning.value);
    if (meaning?.kind === 'failed') step(meaning.step).failed.push(meaning.value);
  }
  if (run === undefined) throw new InvalidRunError(`Object ${runKey(id)} is not the plan of a run.`);
  for (const { started, failed } of steps.values()) {
    started.sort((a, b) => a.attempt - b.attempt);
    failed.sort((a, b) => a.attempt - b.attempt);
  }
  retries.sort((a, b) => a.number - b.number);
  triggers.sort((a, b) => (a.at < b.at ? -1 : 1));
  const setAside = end !== undefined && end.retries < retries.length;
  const createdAt = new Date(plan.modified);
  return { id, run, createdAt, triggers, retries, end: setAside ? undefined : end, steps };
}

interface MutableStep {
  manifest: Manifest | undefined;
  readonly started: AttemptStarted[];
  readonly failed: AttemptFailed[];
}

/** What the key of an object of a run says it is; undefined where nothing of the run's state is in it. */
function objectOf(key: string): Exclude<RunObject, { kind: 'output' }> | undefined {
  const object = parseRunKey(key);
  return object?.kind === 'output' ? undefined : object;
}

/** Undefined where the object is not what its key says. */
function meaningOf(key: string, json: unknown): Meaning | undefined {
  const object = objectOf(key);
  const understood = <Value, Rest>(schema: z.ZodType<Value>, rest: Rest) => {
    const parsed = schema.safeParse(json);
    return parsed.success ? { ...rest, value: parsed.data } : undefined;
  };
  switch (object?.kind) {
    case 'run':
      return understood(Run, { kind: object.kind });
    case 'end':
      return understood(End, { kind: object.kind });
    case 'trigger':
      return understood(Trigger, { kind: object.kind });
    case 'retry':
      return understood(Retry, { kind: object.kind });
    case 'manifest':
      return understood(Manifest, { kind: object.kind, step: object.step });
    case 'started':
      return understood(AttemptStarted, { kind: object.kind, step: object.step });
    case 'failed':
      return understood(AttemptFailed, { kind: object.kind, step: object.step });
  }
}

/** Undefined where the object is not JSON, or has gone since it was listed. */
async function readJson(store: ObjectStore, key: string): Promise<unknown> {
  try {
    return JSON.parse((await store.get('runs', key)).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}
