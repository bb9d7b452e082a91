import { createMiddleware } from 'hono/factory';
import { ProblemError } from '../lib/platform/problem.ts';
import type { Variables } from './parts.ts';

/** Nothing but our own files, no inline script or style, no frame around us, forms only to us. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** Headers of every answer. `same-origin`, not `no-referrer`: with the latter browsers send `Origin: null` with our own forms. */
export const securityHeaders = createMiddleware<{ Variables: Variables }>(async function securityHeaders(c, next) {
  await next();
  // The viewer has a policy of its own, and says so itself.
  if (!c.res.headers.has('Content-Security-Policy')) c.header('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  c.header('X-Content-Type-Options', 'nosniff');
  c.header('X-Frame-Options', 'DENY');
  c.header('Referrer-Policy', 'same-origin');
  c.header('Cross-Origin-Opener-Policy', 'same-origin');
  c.header('Cross-Origin-Resource-Policy', 'same-origin');
  c.header('Permissions-Policy', 'camera=(), geolocation=(), microphone=()');
  // Results are about patients: no copy stays on a shared workstation.
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
});

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses requests that change something and come from another site's page. Browsers always say where a POST comes from;
 * programs do not, and carry no cookie either.
 */
export const sameOriginOnly = createMiddleware<{ Variables: Variables }>(async function sameOriginOnly(c, next) {
  if (!SAFE_METHODS.has(c.req.method)) {
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site');
    const foreign = origin !== undefined && hostOf(origin) !== c.req.header('host')?.toLowerCase();
    if (foreign || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
      throw new ProblemError(403, 'Sent by another site', 'This form was not sent by a page of Overread.');
    }
  }
  await next();
});

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

const LOOPBACK_ADDRESS = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/**
 * Whether a request over plain HTTP stays on this machine: it comes from loopback, asks for a loopback name (a foreign
 * name that points here is DNS rebinding), and no proxy has handed it on.
 */
export function staysOnThisMachine(address: string | undefined, headers: Headers): boolean {
  if (address === undefined || !LOOPBACK_ADDRESS.test(address)) return false;
  if (!LOOPBACK_HOST.test(headers.get('host') ?? '')) return false;
  return !['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-real-ip'].some((name) => headers.has(name));
}
