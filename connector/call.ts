import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../lib/platform/log.ts';
import { canonicalJson } from '../lib/runs/canonical.ts';
import { failedKey, startedKey } from '../lib/runs/keys.ts';
import { readManifest } from '../lib/runs/state.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import type { Problem } from '../schemas/problem.ts';
import type { AttemptFailed, AttemptStarted, RunStep } from '../schemas/run.ts';
import { type CallOutcome, callFunction, type Invoker } from './faas.ts';
import type { Limit } from './limit.ts';
import type { Measures } from './metrics.ts';
import type { QueuedCall } from './queue.ts';

/** Pauses while a function is not there or has no place, ms: doubled from the first to the last. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** A call is told of when it has been out this long, ms. */
const STARTED_AFTER_MS = 100;

const NO_MANIFEST: Problem = {
  type: 'about:blank',
  title: 'No manifest',
  status: 502,
  detail: 'The function answered 200, but left no valid manifest.',
};

/** A call that the function cannot take now. */
export interface WaitingCall extends QueuedCall {
  readonly operator: string;
  readonly reason: string;
  readonly since: string;
}

export interface CallerOptions {
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly measures: Measures;
  readonly faas: Invoker;
  /** Calls in flight at once, all functions together. */
  readonly limit: Limit;
  /** The step of this call, while the call is still to be made; undefined when reading again shows that it is not. */
  readonly stillDue: (call: QueuedCall) => Promise<RunStep | undefined>;
  /** Whether the manifest of this call is known to be there, by its event. */
  readonly hasRead: (call: QueuedCall) => boolean;
}

/** Makes calls and writes down how they went. */
export class Caller {
  /** Calls that wait for their function, by run and step. */
  readonly waiting = new Map<string, WaitingCall>();
  readonly #inHand = new Set<string>();
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /**
   * Makes one call, if it is still due, and waits for its end: a manifest, or failed.json. A call that the function cannot
   * take now is made again, without costing an attempt, until it can. One that is in hand already is not made beside it
   * (the queue gives a job up whose heartbeat stopped, as on a machine that stood still).
   *
   * @throws the signal's reason when it is aborted: nothing is written then, and the same attempt is made again later
   */
  async call(call: QueuedCall, signal: AbortSignal): Promise<void> {
    const name = `${call.run}/${call.step}`;
    if (this.#inHand.has(name)) return;
    this.#inHand.add(name);
    try {
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
        const step = await this.#options.stillDue(call);
        if (step === undefined) return;
        const outcome = await this.#attempt(call, step, signal);
        if (outcome.kind !== 'not-yet') return;
        const since = this.waiting.get(name)?.since ?? new Date().toISOString();
        this.waiting.set(name, { ...call, operator: step.operator, reason: outcome.reason, since });
        await sleep(pause, undefined, { signal });
      }
    } finally {
      this.waiting.delete(name);
      this.#inHand.delete(name);
    }
  }

  async #attempt(call: QueuedCall, step: RunStep, signal: AbortSignal): Promise<CallOutcome> {
    const { limit, log, measures } = this.#options;
    const { run, attempt } = call;
    return limit.run(async () => {
      const startedAt = new Date();
      const { operator } = step;
      const deadline = startedAt.getTime() + step.timeoutSeconds * 1000;
      const started = this.#started(call, startedAt);
      const answer = await callFunction(this.#options.faas, { ...call, operator, deadline }, signal).finally(
        started.cancel,
      );
      const outcome = await this.#judge(call, answer);
      measures.called(operator, outcome.kind, (Date.now() - startedAt.getTime()) / 1000);
      if (outcome.kind === 'not-yet') await started.remove();
      if (outcome.kind === 'failed') {
        await started.write();
        const { problem, retryable } = outcome;
        const failure: AttemptFailed = { attempt, failedAt: new Date().toISOString(), problem, retryable };
        await this.#write(failedKey(run, step.name, attempt), failure);
        const facts = { run, step: step.name, attempt, status: problem.status, retryable };
        if (problem.outOfScope === true) log.info(facts, 'a step found its input out of scope');
        else log.warn(facts, 'a call failed');
      }
      return outcome;
    });
  }

  /**
   * started.json tells people that a call is out, and decides nothing. It is written when the call has been out for a
   * moment: by then the function has taken it, and for one that is done by then it would only cost time.
   */
  #started({ run, step, attempt }: QueuedCall, startedAt: Date) {
    const key = startedKey(run, step, attempt);
    let written: Promise<void> | undefined;
    const write = () => {
      written ??= this.#write(key, { attempt, startedAt: startedAt.toISOString() });
      return written;
    };
    const timer = setTimeout(() => {
      write().catch((error: unknown) =>
        this.#options.log.warn({ err: error, run, step }, 'started.json is not written'),
      );
    }, STARTED_AFTER_MS);
    return {
      write,
      cancel: () => clearTimeout(timer),
      remove: async () => {
        if (written === undefined) return;
        await written;
        await this.#options.store.remove('runs', key);
      },
    };
  }

  /** An answer counts by the manifest: without one it is a failure, and with one a lost answer is none. */
  async #judge(call: QueuedCall, outcome: CallOutcome): Promise<CallOutcome> {
    if (outcome.kind === 'not-yet') return outcome;
    if (this.#options.hasRead(call)) return { kind: 'answered' };
    if ((await readManifest(this.#options.store, call.run, call.step)) !== undefined) return { kind: 'answered' };
    return outcome.kind === 'failed' ? outcome : { kind: 'failed', problem: NO_MANIFEST, retryable: true };
  }

  async #write(key: string, value: AttemptStarted | AttemptFailed): Promise<void> {
    await this.#options.store.put('runs', key, Buffer.from(canonicalJson(value)), 'application/json');
  }
}
