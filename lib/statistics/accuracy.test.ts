import { describe, expect, it } from 'vitest';
import { accuracy, clusteredInterval, wilsonInterval } from './accuracy.ts';
import { confusionMatrix } from './confusion.ts';

const near = (value: number, low: number, high: number) => ({
  value: expect.closeTo(value, 12),
  low: expect.closeTo(low, 10),
  high: expect.closeTo(high, 10),
});

/** [hits, cases] of twelve patients. */
const PATIENTS = [
  [2, 2],
  [1, 2],
  [0, 1],
  [2, 2],
  [2, 2],
  [0, 2],
  [1, 1],
  [1, 1],
  [2, 3],
  [0, 2],
  [1, 2],
  [2, 2],
].map(([hits = 0, cases = 0]) => ({ hits, cases }));

describe('the interval of a proportion', () => {
  it('equals statsmodels 0.15.0 `proportion_confint(method="wilson")`', () => {
    expect(wilsonInterval(47, 53)).toEqual(near(47 / 53, 0.7742348088800781, 0.9470696905229743));
    expect(wilsonInterval(0, 10)).toEqual(near(0, 0, 0.27753279986288926));
    expect(wilsonInterval(10, 10)).toEqual(near(1, 0.7224672001371106, 1));
  });

  it('clustered: equals Wilson’s for the number of cases that the variance of statsmodels’ cluster-robust OLS is worth', () => {
    expect(clusteredInterval(PATIENTS)).toEqual(near(0.6363636363636364, 0.4006848154153211, 0.8208098729618152));
  });

  it('clustered: is Wilson’s own where each patient has one case', () => {
    const single = Array.from({ length: 53 }, (_, index) => ({ hits: index < 47 ? 1 : 0, cases: 1 }));
    const own = clusteredInterval(single);
    const wilson = wilsonInterval(47, 53);
    if ('because' in own || 'because' in wilson) throw new Error('not computed');
    expect(own.low).toBeCloseTo(wilson.low, 2);
    expect(own.low).toBeLessThanOrEqual(wilson.low);
  });

  it('clustered: counts each patient once where all cases came out alike', () => {
    const all = [2, 2, 2, 2].map((cases) => ({ hits: cases, cases }));
    expect(clusteredInterval(all)).toEqual(wilsonInterval(4, 4));
    expect(clusteredInterval(all.map(({ cases }) => ({ hits: 0, cases })))).toEqual(wilsonInterval(0, 4));
  });

  it('cannot be computed of nothing, or clustered of one patient', () => {
    expect(wilsonInterval(0, 0)).toEqual({ because: 'there is no such case' });
    expect(clusteredInterval([{ hits: 0, cases: 0 }])).toEqual({ because: 'there is no such case' });
    expect(clusteredInterval([{ hits: 1, cases: 2 }])).toEqual({ because: 'all cases are of one patient' });
  });
});

describe('accuracy', () => {
  it('counts each of the four fields where it belongs', () => {
    const table = { truePositive: 4, falsePositive: 2, falseNegative: 1, trueNegative: 5 };
    const found = accuracy([table, { truePositive: 1, falsePositive: 0, falseNegative: 0, trueNegative: 0 }]);
    expect(found.table).toEqual({ ...table, truePositive: 5 });
    const ofCases = (name: 'sensitivity' | 'specificity' | 'positivePredictiveValue' | 'negativePredictiveValue') => {
      const { hits, cases } = found[name];
      return `${hits}/${cases}`;
    };
    expect(ofCases('sensitivity')).toBe('5/6');
    expect(ofCases('specificity')).toBe('5/7');
    expect(ofCases('positivePredictiveValue')).toBe('5/7');
    expect(ofCases('negativePredictiveValue')).toBe('5/6');
    expect(found.patients).toBe(2);
    expect(accuracy([]).sensitivity.wilson).toHaveProperty('because');
  });
});

describe('the confusion matrix', () => {
  it('equals scikit-learn 1.9.1 `confusion_matrix`, and keeps answers that are no category', () => {
    const pairs = [...'aabbccab'].map((first, index) => ({ first, second: 'abbbcaab'[index] ?? '', cases: 1 }));
    expect(confusionMatrix(pairs, ['a', 'b', 'c'])).toEqual({
      categories: ['a', 'b', 'c'],
      table: [
        [2, 1, 0],
        [0, 3, 0],
        [1, 0, 1],
      ],
    });
    expect(confusionMatrix([{ first: 'x', second: 'a', cases: 3 }], ['a'])).toEqual({
      categories: ['a', 'x'],
      table: [
        [0, 0],
        [3, 0],
      ],
    });
  });
});
