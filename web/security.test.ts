import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { answerError } from './errors.ts';
import type { Variables } from './parts.ts';
import { pathOnThisSite } from './paths.ts';
import { connectionOf, isPrivate, proxyList, sameOriginOnly, securityHeaders, staysOnThisMachine } from './security.ts';

describe('securityHeaders', () => {
  const app = new Hono<{ Variables: Variables }>().use(securityHeaders).get('/', (c) => c.text(''));

  it('allow nothing inline and nothing from elsewhere', async () => {
    const policy = (await app.request('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe-');
    expect(policy).not.toMatch(/https?:|\*/);
  });

  it('let no copy of a page stay in a browser', async () => {
    expect((await app.request('/')).headers.get('cache-control')).toBe('no-store');
  });
});

describe('sameOriginOnly', () => {
  const app = new Hono<{ Variables: Variables }>().use(sameOriginOnly).post('/', (c) => c.text('done'));
  app.onError((error, c) => (error.name === 'ProblemError' ? c.text('refused', 403) : answerError(error, c)));
  const post = async (headers: Record<string, string>) =>
    (await app.request('http://127.0.0.1:8000/', { method: 'POST', headers: { host: '127.0.0.1:8000', ...headers } }))
      .status;

  it.each([
    [200, 'a program, which says nothing', {}],
    [200, 'our own page', { origin: 'http://127.0.0.1:8000', 'sec-fetch-site': 'same-origin' }],
    [403, 'another site', { origin: 'http://evil.example' }],
    [403, 'another port of this machine', { origin: 'http://127.0.0.1:9000' }],
    [403, 'a page that hides where it is', { origin: 'null' }],
    [403, 'another site by fetch metadata alone', { 'sec-fetch-site': 'cross-site' }],
  ])('should be %i for %s', async (status, _, headers) => {
    expect(await post(headers)).toBe(status);
  });
});

describe('staysOnThisMachine', () => {
  it.each([
    [true, '127.0.0.1', { host: 'localhost:8000' }],
    [true, '::1', { host: '[::1]:8000' }],
    [true, '::ffff:127.0.0.1', { host: '127.0.0.1:8000' }],
    [false, '10.0.0.7', { host: '127.0.0.1:8000' }],
    [false, undefined, { host: '127.0.0.1:8000' }],
    [false, '127.0.0.1', { host: 'rebound.example:8000' }],
    [false, '127.0.0.1', { host: 'localhost:8000', 'x-forwarded-for': '10.0.0.7' }],
  ])('is %s for %s asking with %j', (expected, address, headers) => {
    expect(staysOnThisMachine(address, new Headers(headers))).toBe(expected);
  });
});

describe('connectionOf', () => {
  const proxies = proxyList(['10.0.0.5', '10.9.0.0/16', 'fd00::1']);
  const forwarded = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };
  const of = (address: string, headers: Record<string, string>, encrypted = false) =>
    connectionOf({ address, encrypted }, new Headers(headers), proxies);

  it('believes a proxy of the site’s, by address, by network, by IPv6', () => {
    for (const proxy of ['10.0.0.5', '10.9.3.4', '::ffff:10.0.0.5', 'fd00::1']) {
      expect(of(proxy, forwarded), proxy).toEqual({ address: '203.0.113.7', isSecure: true });
    }
  });

  it('believes nobody else: not who forges the headers, nor a proxy that speaks HTTP', () => {
    expect(of('10.0.0.6', forwarded)).toEqual({ address: '10.0.0.6', isSecure: false });
    expect(of('127.0.0.1', forwarded)).toEqual({ address: '127.0.0.1', isSecure: false });
    expect(of('10.0.0.5', { ...forwarded, 'x-forwarded-proto': 'http' }).isSecure).toBe(false);
    expect(of('10.0.0.5', {})).toEqual({ address: '10.0.0.5', isSecure: false });
  });

  it('takes of the addresses on the way the last that is no proxy: what is before it anybody may have written', () => {
    const address = (list: string) => of('10.0.0.5', { ...forwarded, 'x-forwarded-for': list }).address;
    expect(address('1.1.1.1, 203.0.113.7, 10.9.0.1')).toBe('203.0.113.7');
    expect(address('nonsense')).toBe('10.0.0.5');
  });

  it('is secure by our own TLS', () => {
    expect(of('203.0.113.7', {}, true)).toEqual({ address: '203.0.113.7', isSecure: true });
  });

  it('lets passwords come by HTTPS from anywhere, by HTTP from this machine only', () => {
    const host = new Headers({ host: 'overread.example' });
    expect(isPrivate({ address: '203.0.113.7', isSecure: true }, host)).toBe(true);
    expect(isPrivate({ address: '203.0.113.7', isSecure: false }, host)).toBe(false);
    expect(isPrivate({ address: '127.0.0.1', isSecure: false }, new Headers({ host: 'localhost:8000' }))).toBe(true);
  });
});

describe('pathOnThisSite', () => {
  it.each([
    ['/runs/abc', '/runs/abc'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example/', '/'],
    ['/ok\r\nSet-Cookie: a=b', '/'],
    [undefined, '/'],
  ])('takes %j as %j', (given, path) => {
    expect(pathOnThisSite(given)).toBe(path);
  });
});
