import { notSignedIn, whoAsks } from './accounts/gate.ts';
import type { WebContext } from './parts.ts';
import { staysOnThisMachine } from './security.ts';

/** `GET /healthz`: the process answers. */
export function getHealth(c: WebContext) {
  return c.text('ok');
}

/** `GET /readyz`: database and store answer; else 503 and which does not. */
export async function getReady(c: WebContext) {
  const { database, store, log } = c.var.parts;
  const missing: string[] = [];
  const check = async (name: string, answer: Promise<unknown>) => {
    try {
      await answer;
    } catch (error) {
      log.warn({ err: error }, `${name} does not answer`);
      missing.push(name);
    }
  };
  await Promise.all([
    check('database', database.sql`select 1`.execute()),
    check('store', store.stat('results', 'ready')),
  ]);
  return missing.length === 0 ? c.text('ready') : c.text(`not ready: ${missing.sort().join(', ')}`, 503);
}

/** `GET /metrics`, for Prometheus: from this machine, or with the API token. */
export async function getMetrics(c: WebContext) {
  const { metrics } = c.var.parts;
  if (!staysOnThisMachine(c.var.address, c.req.raw.headers) && (await whoAsks(c)) === undefined) throw notSignedIn();
  return c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType });
}
