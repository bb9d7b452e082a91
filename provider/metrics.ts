import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { NAMESPACE } from '../schemas/openfaas.ts';
import type { Functions } from './functions.ts';

/** Seconds; functions take from milliseconds to minutes. */
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export type Metrics = ReturnType<typeof createMetrics>;

/** The metrics of an OpenFaaS gateway, under its names, so that its dashboards and alerts fit. */
export function createMetrics(functions: Functions) {
  const registry = new Registry();
  const registers = [registry];
  const count = new Counter({
    name: 'gateway_function_invocation_total',
    help: 'Calls of functions, by status code',
    labelNames: ['function_name', 'code'],
    registers,
  });
  const seconds = new Histogram({
    name: 'gateway_functions_seconds',
    help: 'Time from request to the end of the answer',
    labelNames: ['function_name', 'code'],
    buckets: BUCKETS,
    registers,
  });
  const gauges = { function_name: '' };
  const replicas = (available: boolean) => ({
    help: available ? 'Replicas that take calls' : 'Replicas asked for',
    labelNames: Object.keys(gauges),
    registers,
    collect(this: Gauge) {
      this.reset();
      for (const status of functions.list()) {
        this.set({ function_name: qualified(status.name) }, available ? status.availableReplicas : status.replicas);
      }
    },
  });
  new Gauge({ name: 'gateway_service_count', ...replicas(false) });
  new Gauge({ name: 'gateway_service_available_count', ...replicas(true) });
  return {
    /** A call that was answered with `code`, or broken off, after `duration` seconds. */
    invoked(name: string, code: number, duration: number): void {
      const labels = { function_name: qualified(name), code: String(code) };
      count.inc(labels);
      seconds.observe(labels, duration);
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

function qualified(name: string): string {
  return `${name}.${NAMESPACE}`;
}
