import { describe, expect, it } from 'vitest';
import { type Asked, connectorApp } from './http.ts';
import { Measures } from './metrics.ts';
import type { ConnectorStatus } from './status.ts';

const STATUS: ConnectorStatus = {
  listening: true,
  faas: true,
  activeRuns: 2,
  deadLetters: [],
  queues: [{ operator: 'infer', waiting: 3, active: 1 }],
  notYet: [],
};

const appWith = (asked: Partial<Asked>) =>
  connectorApp({ status: async () => STATUS, metrics: async () => '', ...asked });

describe('the HTTP face', () => {
  it('is healthy while the process lives', async () => {
    const answer = await appWith({ status: () => Promise.reject(new Error('down')) }).request('/healthz');
    expect(answer.status).toBe(200);
  });

  it.each<[string, () => Promise<ConnectorStatus>, number, object]>([
    ['everything is there', async () => STATUS, 200, { ready: true }],
    ['the gateway is not there', async () => ({ ...STATUS, faas: false }), 503, { ready: false, faas: false }],
    ['another connector is at work', async () => ({ ...STATUS, listening: false }), 503, { listening: false }],
    ['the database is not there', () => Promise.reject(new Error('down')), 503, { database: false }],
  ])('says whether it is ready when %s', async (_, status, code, body) => {
    const answer = await appWith({ status }).request('/readyz');
    expect(answer.status).toBe(code);
    expect(await answer.json()).toMatchObject(body);
  });

  it('shows where it stands', async () => {
    const answer = await appWith({}).request('/status');
    expect(await answer.json()).toEqual(STATUS);
  });

  it('shows its metrics to Prometheus', async () => {
    const measures = new Measures();
    measures.heard('runs', 'new');
    measures.called('infer', 'answered', 0.2);
    measures.called('infer', 'not-yet', 0.001);
    const { activeRuns, queues } = STATUS;
    const notYet = [{ operator: 'infer' }];
    const answer = await appWith({
      metrics: () => measures.text({ activeRuns, deadLetters: 1, queues, notYet }),
    }).request('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    for (const line of [
      'overread_connector_events_total{bucket="runs",kind="new"} 1',
      'overread_connector_calls_total{function="infer",outcome="answered"} 1',
      'overread_connector_calls_total{function="infer",outcome="not-yet"} 1',
      'overread_connector_call_seconds_count{function="infer"} 1',
      'overread_connector_runs{state="active"} 2',
      'overread_connector_runs{state="dead_letter"} 1',
      'overread_connector_queue_calls{function="infer",state="waiting"} 3',
      'overread_connector_queue_calls{function="infer",state="not_yet"} 1',
    ]) {
      expect(text).toContain(line);
    }
  });
});
