import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../lib/platform/log.ts';
import { advance } from '../lib/runs/advance.ts';
import { canonicalJson } from '../lib/runs/canonical.ts';
import { endKey, runKey } from '../lib/runs/keys.ts';
import {
  InvalidRunError,
  type RunObjects,
  type RunState,
  readEnd,
  readRunObjects,
  rereadRunObjects,
  runStateOf,
} from '../lib/runs/state.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import type { End, RunStep } from '../schemas/run.ts';
import type { QueuedCall } from './queue.ts';
import type { HeldRun, RunTable } from './run-table.ts';

/** Pause before a run is read again that could not be advanced, ms: doubled from the first to the last. */
const AGAIN_MS = 500;
const LONGEST_AGAIN_MS = 3_000;

/** What was decided on a reading holds this long, ms: a call fetched from the queue in this time need not read again. */
const FRESH_MS = 200;

/** What is to be read of a run: all that is listed, or these objects on top of what was read before. */
interface Wanted {
  whole: boolean;
  readonly keys: Set<string>;
}

/** What this process remembers of a run that goes on; nothing depends on it but time. */
interface Memory {
  /** As last read. */
  objects: RunObjects | undefined;
  /** What was decided on last. */
  state: RunState | undefined;
  /** Its row is known to say that it goes on. */
  isNoted: boolean;
  /** Step by call, as last decided, with the moment, epoch ms. */
  readonly decided: Map<string, { readonly step: RunStep; readonly at: number }>;
  /** Calls that were handled once: a second one comes from a reading that was overtaken, so it is not trusted. */
  readonly handled: Set<string>;
}

export interface RunsOptions {
  readonly store: ObjectStore;
  readonly table: Pick<RunTable, 'goesOn' | 'ended'>;
  readonly log: Logger;
  readonly enqueue: (operator: string, call: QueuedCall) => Promise<boolean>;
  /** Told of each run that ended. */
  readonly ended: (run: HeldRun) => void;
}

/**
 * Advances runs. `advance` may be called by anybody at any time and as often as one likes: each run is read by one reader at
 * a time, calls that come meanwhile are answered by one more reading, and what is done is decided by what was read.
 */
export class Runs {
  readonly #options: RunsOptions;
  readonly #advancing = new Map<string, Wanted>();
  readonly #memories = new Map<string, Memory>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /**
   * Reads a run and does what is due. Errors are logged, and the run is read again.
   *
   * @param key the object of the run that is new, where its event says so: then only this one is read, if the run was before.
   *   What has no event is found by the next whole reading, which each answer asks for whose manifest was not read by then
   */
  advance(run: string, key?: string): void {
    if (this.#closed) return;
    const advancing = this.#advancing.get(run);
    const wanted = advancing ?? { whole: false, keys: new Set() };
    if (key === undefined || key === runKey(run)) wanted.whole = true;
    else wanted.keys.add(key);
    if (advancing !== undefined) return;
    this.#advancing.set(run, wanted);
    void this.#advance(run, wanted);
  }

  /** The step of a call while it is still to be made. */
  async stillDue(call: QueuedCall): Promise<RunStep | undefined> {
    const memory = this.#memory(call.run);
    const name = nameOf(call);
    const decided = memory.decided.get(name);
    const isFirst = !memory.handled.has(name);
    memory.handled.add(name);
    if (isFirst && decided !== undefined && Date.now() - decided.at < FRESH_MS) return decided.step;
    const state = runStateOf(call.run, await readRunObjects(this.#options.store, call.run, memory.objects));
    if (state === undefined || state.end !== undefined) this.#memories.delete(call.run);
    if (state === undefined) return undefined;
    return advance(state).due.find(({ step, attempt }) => step.name === call.step && attempt === call.attempt)?.step;
  }

  /** Whether the manifest of this call was read already, and what follows from it is done or being done. */
  hasRead(call: QueuedCall): boolean {
    return this.#memories.get(call.run)?.state?.steps.get(call.step)?.manifest?.attempt === call.attempt;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  async #advance(run: string, wanted: Wanted): Promise<void> {
    for (let pause = AGAIN_MS; (wanted.whole || wanted.keys.size > 0) && !this.#closed; ) {
      const keys = wanted.whole ? undefined : [...wanted.keys];
      wanted.whole = false;
      wanted.keys.clear();
      try {
        await this.#step(run, keys);
      } catch (error) {
        if (this.#closed) break;
        this.#options.log.warn({ err: error, run }, 'a run could not be advanced; it is read again');
        await sleep(pause, undefined, { ref: false });
        pause = Math.min(LONGEST_AGAIN_MS, pause * 2);
        wanted.whole = true;
      }
    }
    this.#advancing.delete(run);
  }

  /** Objects of a run: all of them, or these `keys` on top of those that were read before. */
  async #read(run: string, keys: readonly string[] | undefined): Promise<RunObjects> {
    const { store } = this.#options;
    const { objects } = this.#memory(run);
    const isKnown = keys !== undefined && objects !== undefined && objects.size > 0;
    return isKnown ? rereadRunObjects(store, objects, keys) : readRunObjects(store, run, objects);
  }

  async #step(run: string, keys: readonly string[] | undefined): Promise<void> {
    const objects = await this.#read(run, keys);
    this.#memory(run).objects = objects;
    let state: RunState | undefined;
    try {
      state = runStateOf(run, objects);
    } catch (error) {
      if (error instanceof InvalidRunError) return this.#end(run, await this.#writeInvalid(run));
      throw error;
    }
    if (state === undefined) return;
    this.#memory(run).state = state;
    if (state.end !== undefined) return this.#end(run, state.end, state.run.pipeline.name);
    const { due, end } = advance(state);
    if (end !== undefined) return this.#end(run, await this.#writeEnd(run, end), state.run.pipeline.name);
    const now = Date.now();
    await Promise.all([
      this.#note(run, state.run.pipeline.name),
      ...due
        .filter(({ notBefore }) => notBefore <= now)
        .map(({ step, attempt }) => this.#enqueue(step, { run, step: step.name, attempt })),
    ]);
    const later = due.map(({ notBefore }) => notBefore).filter((moment) => moment > now);
    if (later.length > 0) this.#advanceAt(run, Math.min(...later));
  }

  async #enqueue(step: RunStep, call: QueuedCall): Promise<void> {
    this.#memory(call.run).decided.set(nameOf(call), { step, at: Date.now() });
    await this.#options.enqueue(step.operator, call);
  }

  async #note(run: string, pipeline: string): Promise<void> {
    const memory = this.#memory(run);
    if (memory.isNoted) return;
    await this.#options.table.goesOn(run, pipeline);
    memory.isNoted = true;
  }

  #memory(run: string): Memory {
    const memory: Memory = this.#memories.get(run) ?? {
      objects: undefined,
      state: undefined,
      isNoted: false,
      decided: new Map(),
      handled: new Set(),
    };
    this.#memories.set(run, memory);
    return memory;
  }

  async #writeEnd(run: string, ending: Omit<End, 'endedAt'>): Promise<End> {
    const end: End = { ...ending, endedAt: new Date().toISOString() };
    await this.#options.store.put('runs', endKey(run), Buffer.from(canonicalJson(end)), 'application/json');
    return end;
  }

  async #writeInvalid(run: string): Promise<End> {
    const written = await readEnd(this.#options.store, run);
    if (written !== undefined) return written;
    const reason = 'The run has no valid plan: run.json is not what a run.json must be.';
    return this.#writeEnd(run, { status: 'failed', reason, step: null, retries: 0 });
  }

  async #end(run: string, end: End, pipeline?: string): Promise<void> {
    this.#memories.delete(run);
    if (await this.#options.table.ended(run, end, pipeline)) {
      this.#options.log.info({ run, status: end.status, step: end.step }, 'a run ended');
      this.#options.ended({ id: run, pipeline: pipeline ?? null });
    }
  }

  /** One timer for each run: what was read last says when something is due next. */
  #advanceAt(run: string, moment: number): void {
    clearTimeout(this.#timers.get(run));
    const timer = setTimeout(
      () => {
        this.#timers.delete(run);
        this.advance(run);
      },
      Math.max(0, moment - Date.now()),
    );
    this.#timers.set(run, timer);
  }
}

function nameOf({ run, step, attempt }: QueuedCall): string {
  return `${run}/${step}/${attempt}`;
}
