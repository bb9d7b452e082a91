import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { seal, unseal } from './seal.ts';

describe('sealed texts', () => {
  const key = randomBytes(32);

  it('come back as they were, and are never alike', () => {
    const sealed = seal(key, 'ACC-1');
    expect(unseal(key, sealed)).toBe('ACC-1');
    expect(seal(key, 'ACC-1')).not.toBe(sealed);
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('ACC-1');
  });

  it.each([
    ['another key', () => unseal(randomBytes(32), seal(key, 'ACC-1'))],
    ['a changed character', () => unseal(key, `${seal(key, 'ACC-1').slice(0, -2)}AA`)],
    ['something short', () => unseal(key, 'abc')],
  ])('are worth nothing with %s', (_, open) => {
    expect(open()).toBeUndefined();
  });
});
