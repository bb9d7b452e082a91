import { describe, expect, it } from 'vitest';
import { healthPages } from './health.ts';
import { createMetrics } from './metrics.ts';

function pages(notReady: string | undefined) {
  const metrics = createMetrics(() => 7);
  metrics.ingested.inc({ outcome: 'quarantined' });
  return healthPages({ registry: metrics.registry, notReady: async () => notReady });
}

describe('the health pages', () => {
  it('say that the process is up, whatever else is down', async () => {
    expect((await pages('PostgreSQL does not answer.').request('/healthz')).status).toBe(200);
  });

  it('say 200 on /readyz when work is done, else 503 and why', async () => {
    expect((await pages(undefined).request('/readyz')).status).toBe(200);
    const down = await pages('PostgreSQL does not answer.').request('/readyz');
    expect([down.status, await down.text()]).toEqual([503, 'PostgreSQL does not answer.\n']);
  });

  it('count for Prometheus', async () => {
    const text = await (await pages(undefined).request('/metrics')).text();
    expect(text).toContain('overread_gateway_spool_entries 7');
    expect(text).toContain('overread_gateway_instances_ingested_total{outcome="quarantined"} 1');
  });
});
