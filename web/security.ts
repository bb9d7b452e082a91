import { BlockList, isIP } from 'node:net';
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
  if (!c.res.headers.has('Referrer-Policy')) c.header('Referrer-Policy', 'same-origin');
  c.header('Cross-Origin-Opener-Policy', 'same-origin');
  c.header('Cross-Origin-Resource-Policy', 'same-origin');
  c.header('Permissions-Policy', 'camera=(), geolocation=(), microphone=()');
  if (c.var.isSecure) c.header('Strict-Transport-Security', 'max-age=31536000');
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

/** How a request came: from whom, and whether their browser spoke HTTPS. */
export interface Connection {
  /** Of the person's machine, as far as it is known; undefined where there is none (tests). */
  readonly address: string | undefined;
  readonly isSecure: boolean;
}

/** What Node's server knows of the other end. */
export interface Peer {
  readonly address: string | undefined;
  readonly encrypted: boolean;
}

/**
 * What a request came by. What it says of itself (`X-Forwarded-…`) is believed only where a proxy of the site's own says
 * it; of the addresses that it has been through, the last one that is no such proxy counts: others are anybody's words.
 */
export function connectionOf(peer: Peer, headers: Headers, proxies: BlockList): Connection {
  const isProxy = (address: string) => proxies.check(...familiar(address));
  if (peer.address === undefined || !isProxy(peer.address)) return { address: peer.address, isSecure: peer.encrypted };
  const passed = (headers.get('x-forwarded-for') ?? '').split(',').map((address) => address.trim());
  const first = passed.findLast((address) => isIP(address) !== 0 && !isProxy(address));
  return {
    address: first ?? peer.address,
    isSecure: headers.get('x-forwarded-proto')?.trim().toLowerCase() === 'https',
  };
}

/** The proxies of the site's configuration, as addresses or networks. */
export function proxyList(addresses: readonly string[]): BlockList {
  const list = new BlockList();
  for (const each of addresses) {
    const [address = '', prefix] = each.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** An IPv4 address that came through an IPv6 socket is itself. */
function familiar(address: string): [string, 'ipv4' | 'ipv6'] {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return [mapped, 'ipv4'];
  return [address, isIP(address) === 6 ? 'ipv6' : 'ipv4'];
}

/** Whether a password may come this way: by HTTPS, or without leaving this machine. */
export function isPrivate({ isSecure, address }: Connection, headers: Headers): boolean {
  return isSecure || staysOnThisMachine(address, headers);
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
