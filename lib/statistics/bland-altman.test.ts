import { describe, expect, it } from 'vitest';
import { blandAltman, blandAltmanByPatient, type Pair } from './bland-altman.ts';
import { fQuantile, t95 } from './distributions.ts';
import { quantile, spreadOf } from './quantiles.ts';

const FIRST = [512.4, 934.1, 61.7, 700.2, 455.5, 820, 391.3, 603.9];
const SECOND = [520.1, 910.6, 60.2, 715.4, 470, 815.2, 400.8, 598.3];

const near = (value: number, low: number, high: number) => ({
  value: expect.closeTo(value, 9),
  low: expect.closeTo(low, 9),
  high: expect.closeTo(high, 9),
});

describe('Bland and Altman', () => {
  it('equals NumPy 2.4.6 and SciPy 1.17.1', () => {
    expect(blandAltman(FIRST.map((first, index) => [first, SECOND[index] ?? 0]))).toEqual({
      pairs: 8,
      bias: near(1.4375, -9.431684905251428, 12.306684905251428),
      deviation: expect.closeTo(13.001091987104108, 10),
      lowerLimit: near(-24.044172054416336, -43.47272781136803, -4.615616297464641),
      upperLimit: near(26.919172054416336, 7.490616297464641, 46.34772781136803),
    });
  });

  it('needs two pairs', () => {
    expect(blandAltman([])).toEqual({ because: 'there is no pair' });
    expect(blandAltman([[1, 2]])).toEqual({ because: 'there is but one pair' });
  });
});

describe('Bland and Altman by patient', () => {
  const all = FIRST.map((first, index): Pair => [first, SECOND[index] ?? 0]);

  it('equals statsmodels 0.15.0 (cluster-robust OLS, ANOVA) and NumPy 2.4.6', () => {
    expect(blandAltmanByPatient([all.slice(0, 2), all.slice(2, 5), [], all.slice(5, 6), all.slice(6)])).toEqual({
      pairs: 8,
      bias: near(1.4375, -12.789830429738439, 15.664830429738439),
      deviation: expect.closeTo(13.956942716798698, 10),
      lowerLimit: near(-25.917605059214065, -70.15401632580296, 18.318806207374823),
      upperLimit: near(28.792605059214065, 13.504514452893739, 44.08069566553439),
    });
  });

  it('is the same as by case where each patient has one pair', () => {
    expect(blandAltmanByPatient(all.map((pair) => [pair]))).toEqual(blandAltman(all));
  });

  it('needs three patients where they have several pairs', () => {
    expect(blandAltmanByPatient([])).toEqual({ because: 'there is no pair' });
    expect(blandAltmanByPatient([all])).toEqual({ because: 'all pairs are of one patient' });
    expect(blandAltmanByPatient([all.slice(1), all.slice(0, 1)])).toEqual({
      because: 'the pairs are of two patients only',
    });
  });
});

describe('quantiles', () => {
  it.each([
    [0.975, 5, 15, 3.5764153492790607],
    [0.975, 2.7, 9.3, 5.1446913370749785],
    [0.95, 1, 7, 5.591447851220735],
    [0.975, 1, 1, 647.7890114778442],
    [0.975, 200, 3.5, 10.358231252796845],
    [0.975, 5000, 10_000, 1.0489805719984278],
  ])('of F at %d with %d and %d degrees equal SciPy 1.17.1', (probability, numerator, denominator, expected) => {
    expect(fQuantile(probability, numerator, denominator) / expected).toBeCloseTo(1, 9);
  });

  it('of t equal SciPy 1.17.1', () => {
    expect(t95(3)).toBeCloseTo(3.1824463052837078, 9);
    expect(t95(10_000)).toBeCloseTo(1.960201239890626, 9);
  });

  it('of numbers equal NumPy 2.4.6', () => {
    expect(spreadOf([3.2, 1, 7, 4, 9, 2.5])).toEqual({
      count: 6,
      minimum: 1,
      firstQuartile: expect.closeTo(2.675, 12),
      median: expect.closeTo(3.6, 12),
      thirdQuartile: 6.25,
      maximum: 9,
    });
    expect(quantile([1, 2, 5], 0.1)).toBeCloseTo(1.2, 12);
    expect(quantile([1, 2, 5], 0.9)).toBeCloseTo(4.4, 12);
  });

  it('of nothing are none', () => {
    expect(spreadOf([])).toEqual({ because: 'there is no value' });
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
