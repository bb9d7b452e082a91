import { Hono } from 'hono';
import type { ConnectorStatus } from './status.ts';

/** What the HTTP face asks of the connector. */
export interface Asked {
  status(): Promise<ConnectorStatus>;
  metrics(): Promise<string>;
}

/**
 * The connector's HTTP face, for this machine only: `/healthz` (the process lives), `/readyz` (database, subscription and
 * gateway are there; 503 with what is missing otherwise), `/status` (queues, dead letters, calls that wait), `/metrics`.
 */
export function connectorApp(connector: Asked): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.text('ok'));
  app.get('/readyz', async (context) => {
    const parts = await connector.status().then(
      ({ listening, faas }) => ({ database: true, listening, faas }),
      () => ({ database: false, listening: false, faas: false }),
    );
    const ready = Object.values(parts).every((part) => part);
    return context.json({ ready, ...parts }, ready ? 200 : 503);
  });
  app.get('/status', async (context) => context.json(await connector.status()));
  app.get('/metrics', async (context) => {
    context.header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    return context.body(await connector.metrics());
  });
  return app;
}
