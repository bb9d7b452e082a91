import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CallOutcome } from './faas.ts';

/** Numbers that are read when somebody asks for the metrics. */
export interface Gauged {
  readonly activeRuns: number;
  readonly deadLetters: number;
  readonly queues: readonly { readonly operator: string; readonly waiting: number; readonly active: number }[];
  /** Calls whose function is not there or has no place. */
  readonly notYet: readonly { readonly operator: string }[];
}

/** What the connector counts, for Prometheus. No label holds a run, a study or anything of a patient. */
export class Measures {
  readonly registry = new Registry();
  readonly #events = new Counter({
    name: 'overread_connector_events_total',
    help: 'Object events by bucket: new, doubled (stored before), or found by listing.',
    labelNames: ['bucket', 'kind'],
    registers: [this.registry],
  });
  readonly #calls = new Counter({
    name: 'overread_connector_calls_total',
    help: 'Function calls by outcome.',
    labelNames: ['function', 'outcome'],
    registers: [this.registry],
  });
  readonly #seconds = new Histogram({
    name: 'overread_connector_call_seconds',
    help: 'Time of function calls that were taken.',
    labelNames: ['function'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900],
    registers: [this.registry],
  });
  readonly #runs = new Gauge({
    name: 'overread_connector_runs',
    help: 'Runs that go on (active), and runs that failed and wait for a person (dead_letter).',
    labelNames: ['state'],
    registers: [this.registry],
  });
  readonly #queue = new Gauge({
    name: 'overread_connector_queue_calls',
    help: 'Calls by function: waiting in the queue, active, or not_yet (the function cannot take them).',
    labelNames: ['function', 'state'],
    registers: [this.registry],
  });

  heard(bucket: string, kind: 'new' | 'doubled' | 'listed'): void {
    this.#events.inc({ bucket, kind });
  }

  called(operator: string, outcome: CallOutcome['kind'], seconds: number): void {
    this.#calls.inc({ function: operator, outcome });
    if (outcome !== 'not-yet') this.#seconds.observe({ function: operator }, seconds);
  }

  /** The metrics in Prometheus's text format. */
  async text(gauged: Gauged): Promise<string> {
    this.#runs.set({ state: 'active' }, gauged.activeRuns);
    this.#runs.set({ state: 'dead_letter' }, gauged.deadLetters);
    this.#queue.reset();
    for (const { operator, waiting, active } of gauged.queues) {
      this.#queue.set({ function: operator, state: 'waiting' }, waiting);
      this.#queue.set({ function: operator, state: 'active' }, active);
    }
    for (const { operator } of gauged.notYet) this.#queue.inc({ function: operator, state: 'not_yet' });
    return this.registry.metrics();
  }
}
