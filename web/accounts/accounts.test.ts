import { describe, expect, it } from 'vitest';
import { waitAfter } from './lockout.ts';
import { hashPassword, randomPassword, verifyPassword } from './password.ts';
import { formToken, isFormToken } from './sessions.ts';

describe('passwords', { timeout: 60_000 }, () => {
  it('are verified against a hash with a salt of its own', async () => {
    const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    expect(first).not.toBe(second);
    expect(await verifyPassword('correct horse', first)).toBe(true);
    expect(await verifyPassword('correct horsf', first)).toBe(false);
  });

  it('are never right where there is no account', async () => {
    expect(await verifyPassword('', undefined)).toBe(false);
    expect(await verifyPassword('anything', undefined)).toBe(false);
  });

  it('are made up long and without look-alikes', () => {
    expect(randomPassword()).toMatch(/^([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$/);
  });
});

describe('waitAfter', () => {
  it('lets a few slips pass, then doubles, up to a quarter of an hour', () => {
    expect([4, 5, 6, 7].map((failures) => waitAfter('pair', failures))).toEqual([0, 15_000, 30_000, 60_000]);
    expect(waitAfter('pair', 1000)).toBe(15 * 60_000);
  });

  it('never keeps an account from its owner for more than a minute because of others', () => {
    expect(waitAfter('account', 100_000)).toBe(60_000);
  });
});

describe('form tokens', () => {
  it('belong to one session', () => {
    expect(isFormToken('session', formToken('session'))).toBe(true);
    expect(isFormToken('another', formToken('session'))).toBe(false);
    expect(isFormToken('session', '')).toBe(false);
  });
});
