import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { answerError } from './errors.ts';
import type { Variables } from './parts.ts';
import { pathOnThisSite } from './paths.ts';
import { sameOriginOnly, securityHeaders, staysOnThisMachine } from './security.ts';

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
