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

/** Objects of one run that were read before, by key: read again only where the store lists them as changed. */
export type KnownObjects = Map<
  string,
  { readonly size: number; readonly modified: number; readonly meaning: Meaning | undefined }
>;

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
 * @param known kept between readings of the same run, spares reading what has not changed
 * @throws {InvalidRunError} run.json is not a plan
 */
export async function readRunState(
  store: ObjectStore,
  id: string,
  known: KnownObjects = new Map(),
): Promise<RunState | undefined> {
  const objects = [];
  for await (const object of store.list('runs', `${id}/`)) objects.push(object);
  const plan = objects.find(({ key }) => key === runKey(id));
  if (plan === undefined) return undefined;
  const read = await Promise.all(objects.map((object) => readObject(store, object, known)));

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
  for (const meaning of read) {
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
  return { id, run, createdAt: plan.lastModified, triggers, retries, end: setAside ? undefined : end, steps };
}

interface MutableStep {
  manifest: Manifest | undefined;
  readonly started: AttemptStarted[];
  readonly failed: AttemptFailed[];
}

async function readObject(
  store: ObjectStore,
  { key, size, lastModified }: ObjectSummary,
  known: KnownObjects,
): Promise<Meaning | undefined> {
  const object = parseRunKey(key);
  if (object === undefined || object.kind === 'output') return undefined;
  const modified = lastModified.getTime();
  const before = known.get(key);
  if (before?.size === size && before.modified === modified) return before.meaning;
  const meaning = meaningOf(object, await readJson(store, key));
  known.set(key, { size, modified, meaning });
  return meaning;
}

/** Undefined where the object is not what its key says. */
function meaningOf(object: Exclude<RunObject, { kind: 'output' }>, json: unknown): Meaning | undefined {
  const understood = <Value, Rest>(schema: z.ZodType<Value>, rest: Rest) => {
    const parsed = schema.safeParse(json);
    return parsed.success ? { ...rest, value: parsed.data } : undefined;
  };
  switch (object.kind) {
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
