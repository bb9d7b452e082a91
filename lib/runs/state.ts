import { Manifest } from '../../schemas/manifest.ts';
import { AttemptFailed, AttemptStarted, End, Retry, Run, Trigger } from '../../schemas/run.ts';
import { ObjectNotFoundError, type ObjectStore } from '../store/store.ts';
import { parseRunKey, runKey } from './keys.ts';

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
  return Run.parse(await readJson(store, runKey(id)));
}

/** Reads all that the store holds of a run, with one listing; undefined where there is no such run. */
export async function readRunState(store: ObjectStore, id: string): Promise<RunState | undefined> {
  const keys: { key: string; lastModified: Date }[] = [];
  for await (const object of store.list('runs', `${id}/`)) keys.push(object);
  const plan = keys.find(({ key }) => key === runKey(id));
  if (plan === undefined) return undefined;

  const triggers: Trigger[] = [];
  const retries: Retry[] = [];
  const steps = new Map<
    string,
    { manifest: Manifest | undefined; started: AttemptStarted[]; failed: AttemptFailed[] }
  >();
  const step = (name: string) => {
    const known = steps.get(name) ?? { manifest: undefined, started: [], failed: [] };
    steps.set(name, known);
    return known;
  };
  let end: End | undefined;
  let run: Run | undefined;
  await Promise.all(
    keys.map(async ({ key }) => {
      const object = parseRunKey(key);
      if (object === undefined || object.kind === 'output') return;
      const json = await readJson(store, key);
      if (object.kind === 'run') run = Run.parse(json);
      if (object.kind === 'trigger') triggers.push(Trigger.parse(json));
      if (object.kind === 'retry') retries.push(Retry.parse(json));
      if (object.kind === 'end') end = End.parse(json);
      if (object.kind === 'manifest') step(object.step).manifest = Manifest.parse(json);
      if (object.kind === 'started') step(object.step).started.push(AttemptStarted.parse(json));
      if (object.kind === 'failed') step(object.step).failed.push(AttemptFailed.parse(json));
    }),
  );
  if (run === undefined) throw new ObjectNotFoundError('runs', runKey(id));
  for (const { started, failed } of steps.values()) {
    started.sort((a, b) => a.attempt - b.attempt);
    failed.sort((a, b) => a.attempt - b.attempt);
  }
  retries.sort((a, b) => a.number - b.number);
  triggers.sort((a, b) => (a.at < b.at ? -1 : 1));
  const setAside = end !== undefined && end.retries < retries.length;
  return { id, run, createdAt: plan.lastModified, triggers, retries, end: setAside ? undefined : end, steps };
}

async function readJson(store: ObjectStore, key: string): Promise<unknown> {
  return JSON.parse((await store.get('runs', key)).toString('utf8'));
}
