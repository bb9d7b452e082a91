import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256 } from './canonical.ts';

describe('canonicalJson', () => {
  it.each<[string, unknown, string]>([
    [
      'sorts keys, at every depth',
      { b: 1, a: { d: [{ z: 1, y: 2 }], c: 3 } },
      '{"a":{"c":3,"d":[{"y":2,"z":1}]},"b":1}',
    ],
    ['keeps the order of lists', [3, 1, 2], '[3,1,2]'],
    ['leaves out what is undefined', { a: undefined, b: null }, '{"b":null}'],
    ['writes null for undefined in a list', [undefined], '[null]'],
    ['escapes as JSON does', { 'ü"': 'a\nb' }, '{"ü\\"":"a\\nb"}'],
    ['writes numbers as ECMAScript does', [1.0, 0.1, 1e21, -0], '[1,0.1,1e+21,0]'],
  ])('%s', (_, value, json) => {
    expect(canonicalJson(value)).toBe(json);
  });
});

describe('sha256', () => {
  it('is the digest that everybody knows of "abc"', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(Buffer.from('abc'))).toBe(sha256('abc'));
  });
});
