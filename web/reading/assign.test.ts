import { describe, expect, it } from 'vitest';
import { chooseReaders } from './assign.ts';

describe('chooseReaders', () => {
  it('gives everybody as many cases as the others, in mixed company', () => {
    const load = new Map(['ann', 'bob', 'cem', 'dot'].map((reader) => [reader, 0]));
    const pairs = Array.from({ length: 60 }, (_, index) => chooseReaders(load, 2, `case ${index}`).sort().join(' '));
    expect([...load.values()]).toEqual([30, 30, 30, 30]);
    expect(new Set(pairs).size, 'every pair occurs').toBe(6);
  });

  it('is the same for the same case and loads', () => {
    const choose = () =>
      chooseReaders(
        new Map([
          ['ann', 0],
          ['bob', 0],
          ['cem', 0],
        ]),
        2,
        'case',
      );
    expect(choose()).toEqual(choose());
  });

  it('gives a case to all there are where there are too few', () => {
    expect(chooseReaders(new Map([['ann', 3]]), 2, 'case')).toEqual(['ann']);
  });
});
