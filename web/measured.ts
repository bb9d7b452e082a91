import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';
import type { Variables } from './parts.ts';

/** Measures every request. */
export const measured = createMiddleware<{ Variables: Variables }>(async function measured(c, next) {
  const begin = performance.now();
  await next();
  c.var.parts.metrics.observe(c.req.method, routePath(c, -1), c.res.status, (performance.now() - begin) / 1000);
});
