import { describe, expect, it } from 'vitest';
import { normalise, percentilesOf } from './normalise.ts';

const hundred = Int16Array.from({ length: 100 }, (_, at) => at + 1);

describe('percentilesOf', () => {
  it('is the smallest value that so many do not exceed, exactly for integers', () => {
    expect(percentilesOf(hundred, [0, 1, 50, 99, 100])).toEqual([1, 1, 50, 99, 100]);
    expect(percentilesOf(Int16Array.from([-1000, -1000, 0, 3000]), [50, 75])).toEqual([-1000, 0]);
    expect(percentilesOf(Int32Array.from([-40_000, 0, 25_000]), [50])).toEqual([0]);
  });

  it('is within a 65536th of the range for real values', () => {
    const [middle = 0] = percentilesOf(
      Float32Array.from({ length: 1001 }, (_, at) => at / 7),
      [50],
    );
    expect(Math.abs(middle - 500 / 7)).toBeLessThan(1000 / 7 / 65_535);
  });

  it('can leave zeros out, and never counts what is no number', () => {
    const values = Float32Array.from([0, 0, 0, 0, 5, 6, Number.NaN, Number.POSITIVE_INFINITY]);
    expect(percentilesOf(values, [0, 100], true)).toEqual([5, 6]);
    expect(percentilesOf(new Float32Array(4), [10, 90], true)).toEqual([0, 0]);
  });
});

describe('normalise', () => {
  it.each([
    { kind: 'none' },
    { kind: 'window', low: 0, high: 4 },
    { kind: 'z-score', over: 'nonzero' },
    { kind: 'z-score', over: 'all' },
    { kind: 'percentile', low: 10, high: 90, over: 'nonzero', clip: true },
  ] as const)('gives the same where the values are: %o', (how) => {
    for (const given of [
      [0, 0, 2, 4.5, -6, Number.NaN],
      [3, 3, 3],
    ]) {
      const values = Float32Array.from(given);
      const apart = normalise(Float32Array.from(given), how);
      expect(normalise(values, how, values)).toEqual(apart);
      expect([...values]).toEqual([...apart.values]);
    }
  });

  it('to z-scores, of all or of what is not zero', () => {
    const values = Int16Array.from([0, 0, 2, 4, 6]);
    const some = normalise(values, { kind: 'z-score', over: 'nonzero' });
    expect(some.numbers).toEqual({ mean: 4, deviation: Math.sqrt(8 / 3) });
    expect([...some.values.subarray(0, 2), some.values[3]]).toEqual([0, 0, 0]);
    expect(some.values[4]).toBeCloseTo(2 / Math.sqrt(8 / 3), 6);
    const all = normalise(values, { kind: 'z-score', over: 'all' });
    expect(all.values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
  });

  it('between percentiles, cut or not', () => {
    const how = { kind: 'percentile', low: 10, high: 90, over: 'all' } as const;
    const cut = normalise(hundred, { ...how, clip: true });
    expect([cut.numbers, cut.values[0], cut.values[49], cut.values[99]]).toEqual([{ low: 10, high: 90 }, 0, 0.5, 1]);
    expect(normalise(hundred, { ...how, clip: false }).values[99]).toBeCloseTo(1.125, 6);
  });

  it('in a window, and not at all', () => {
    const values = Int16Array.from([-1000, 40, 240, 3000]);
    expect([...normalise(values, { kind: 'window', low: -160, high: 240 }).values]).toEqual([0, 0.5, 1, 1]);
    expect(normalise(values, { kind: 'none' }).values).toEqual(Float32Array.from(values));
  });

  it('makes a constant image 0, and what is no number', () => {
    const same = new Float32Array(5).fill(7);
    expect(normalise(same, { kind: 'z-score', over: 'all' }).values).toEqual(new Float32Array(5));
    const broken = Float32Array.from([Number.NaN, 1, 3]);
    expect([...normalise(broken, { kind: 'window', low: 0, high: 2 }).values]).toEqual([0, 0.5, 1]);
  });
});
