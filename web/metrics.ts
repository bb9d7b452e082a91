import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LiveUpdates } from './runs/live.ts';

/** What the web counts and measures. Labels are routes, never addresses: those hold UIDs. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #seconds = new Histogram({
    name: 'overread_web_request_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.#registry],
  });

  constructor(live: LiveUpdates) {
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'overread_web_open_streams',
      help: 'Pages that wait for changes.',
      registers: [this.#registry],
      collect() {
        this.set(live.listening);
      },
    });
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    this.#seconds.observe({ method, route, status: String(status) }, seconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
