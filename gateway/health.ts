import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import { listen } from '../lib/platform/listen.ts';

/** What the health pages ask. */
export interface Health {
  readonly registry: Registry;
  /** Why no work is done at the moment; undefined where it is. */
  readonly notReady: () => Promise<string | undefined>;
}

/** Health pages: `/healthz` the process is up, `/readyz` it works, `/metrics` for Prometheus. */
export function healthPages({ registry, notReady }: Health): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', async (context) => {
    const why = await notReady();
    return why === undefined ? context.text('ok\n') : context.text(`${why}\n`, 503);
  });
  app.get('/metrics', async (context) => {
    context.header('Content-Type', registry.contentType);
    return context.body(await registry.metrics());
  });
  return app;
}

/** Serves the pages on a free port of loopback. */
export async function serveHealth(app: Hono): Promise<{ readonly address: string; close(): Promise<void> }> {
  const server = createAdaptorServer({ fetch: app.fetch });
  const port = await listen(server, '127.0.0.1', 0);
  return {
    address: `http://127.0.0.1:${port}`,
    close: () => new Promise((closed) => void server.close(() => closed())),
  };
}
