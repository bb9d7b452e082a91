import { describe, expect, it } from 'vitest';
import { canonicalQuery, signatureOf } from './signed.ts';

describe('canonicalQuery', () => {
  it('is every parameter but the signature, in one order and one spelling', () => {
    expect(canonicalQuery({ user: 'rada', accession: "A 1/2+ü'", signature: 'x', expires: '5' })).toBe(
      'accession=A%201%2F2%2B%C3%BC%27&expires=5&user=rada',
    );
  });
});

describe('signatureOf', () => {
  it('is the HMAC-SHA-256 that openssl gives', () => {
    // printf 'accession=1&user=rada' | openssl dgst -sha256 -hmac secret
    expect(signatureOf('secret', { user: 'rada', accession: '1' })).toBe(
      '98ccb42e94af4afee5fc62b0156aa105cbcc3a3ed1c0d8aa93a387c434982eba',
    );
  });
});
