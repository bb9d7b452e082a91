import { Counter, Gauge, Registry } from 'prom-client';

/** What the gateway counts. No label names a person or a study. */
export function createMetrics(spoolDepth: () => number) {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'overread_gateway_spool_entries',
    help: 'Instances received and not yet in the store.',
    registers,
    collect() {
      this.set(spoolDepth());
    },
  });
  return {
    registry,
    associations: new Counter({
      name: 'overread_gateway_associations_total',
      help: 'Associations proposed, by outcome: accepted or rejected.',
      labelNames: ['outcome'],
      registers,
    }),
    received: new Counter({
      name: 'overread_gateway_instances_received_total',
      help: 'C-STORE requests answered, by outcome: stored or refused.',
      labelNames: ['outcome'],
      registers,
    }),
    ingested: new Counter({
      name: 'overread_gateway_instances_ingested_total',
      help: 'Instances that left the spool, by outcome: indexed, duplicate, quarantined or known.',
      labelNames: ['outcome'],
      registers,
    }),
    runs: new Counter({ name: 'overread_gateway_runs_total', help: 'Runs made or asked for again.', registers }),
  };
}

export type GatewayMetrics = ReturnType<typeof createMetrics>;
