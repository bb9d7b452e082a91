import { describe, expect, it } from 'vitest';
import { median, quantile, spread } from './statistics.ts';

describe('quantiles', () => {
  it('lie between neighbours, as R has them', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.95)).toBeCloseTo(4.8);
    expect(spread('a', [1, 3])).toBe(`${'a'.padEnd(44)}      1.0      2.0      2.9      3.0   n=2`);
  });
});
