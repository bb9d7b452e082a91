import { describe, expect, it } from 'vitest';
import { intraclassCorrelation } from './icc.ts';

/** Shrout & Fleiss 1979, table 2: six cases, four readers. */
const SHROUT_FLEISS = [
  [9, 2, 5, 8],
  [6, 1, 3, 2],
  [8, 4, 6, 8],
  [7, 1, 2, 6],
  [10, 5, 6, 9],
  [6, 2, 4, 7],
];

const CLOSE = [
  [1, 2, 1],
  [3, 3, 4],
  [5, 4, 5],
  [2, 2, 2],
  [4, 5, 5],
  [1, 1, 2],
  [3, 4, 3],
  [5, 5, 5],
];

const cases = (ratings: readonly (readonly number[])[]) => ratings.map((values) => ({ values, cases: 1 }));
const near = (value: number, low: number, high: number) => ({
  value: expect.closeTo(value, 9),
  low: expect.closeTo(low, 9),
  high: expect.closeTo(high, 9),
});

describe('intraclass correlation', () => {
  it('equals pingouin 0.7.0 `intraclass_corr`: ICC(A,1), ICC(C,1)', () => {
    expect(intraclassCorrelation(cases(SHROUT_FLEISS))).toEqual({
      cases: 6,
      readers: 4,
      agreement: near(0.28976377952755916, 0.018786513374712058, 0.7610843696489527),
      consistency: near(0.7148407148407154, 0.34246476503392614, 0.9458582599553597),
    });
    expect(intraclassCorrelation(cases(CLOSE))).toEqual({
      cases: 8,
      readers: 3,
      agreement: near(0.898058252427185, 0.7150896746033981, 0.9762923971495603),
      consistency: near(0.9002433090024337, 0.7089028217009109, 0.9771039458217218),
    });
  });

  it('takes cases with the same ratings together', () => {
    const twice = intraclassCorrelation(CLOSE.map((values) => ({ values, cases: 2 })));
    const listed = intraclassCorrelation(cases([...CLOSE, ...CLOSE]));
    if ('because' in twice || 'because' in listed) throw new Error('not computed');
    expect(twice.agreement.low).toBeCloseTo(listed.agreement.low, 10);
    expect(twice.cases).toBe(16);
  });

  it('knows full agreement, and readers who differ by the same step always', () => {
    expect(
      intraclassCorrelation(
        cases([
          [1, 1],
          [3, 3],
          [4, 4],
        ]),
      ),
    ).toMatchObject({
      agreement: { value: 1, low: 1, high: 1 },
      consistency: { value: 1, low: 1, high: 1 },
    });
    const shifted = intraclassCorrelation(
      cases([
        [1, 2],
        [3, 4],
        [4, 5],
      ]),
    );
    if ('because' in shifted) throw new Error(shifted.because);
    expect(shifted.consistency.value).toBeCloseTo(1, 12);
    expect(shifted.agreement.value).toBeLessThan(1);
    expect(Object.values(shifted.agreement).every(Number.isFinite)).toBe(true);
  });

  it('cannot be computed with one reader, one case, or without any difference', () => {
    expect(intraclassCorrelation([])).toHaveProperty('because');
    expect(intraclassCorrelation(cases([[1], [2]]))).toEqual({ because: 'it needs two readers or more' });
    expect(intraclassCorrelation(cases([[1, 2]]))).toHaveProperty('because');
    expect(
      intraclassCorrelation(
        cases([
          [2, 2],
          [2, 2],
        ]),
      ),
    ).toEqual({ because: 'every rating is the same' });
    expect(
      intraclassCorrelation(
        cases([
          [2, 3],
          [2, 3],
        ]),
      ),
    ).toHaveProperty('because');
  });

  it('refuses a missing rating', () => {
    expect(() => intraclassCorrelation(cases([[1, 2], [1]]))).toThrow(RangeError);
  });
});
