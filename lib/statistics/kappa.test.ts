import { describe, expect, it } from 'vitest';
import { cohensKappa, fleissKappa } from './kappa.ts';

/** Two readers, four categories; statsmodels 0.15.0 `cohens_kappa`, scikit-learn 1.9.1 `cohen_kappa_score` (value). */
const TABLE = [
  [25, 4, 1, 0],
  [3, 18, 5, 2],
  [2, 4, 14, 6],
  [0, 1, 3, 12],
];

/** The example of Fleiss 1971: 14 readers, 10 cases, 5 categories; irrCAC 0.4.3, statsmodels 0.15.0 `fleiss_kappa` (value). */
const FLEISS = [
  [0, 0, 0, 0, 14],
  [0, 2, 6, 4, 2],
  [0, 0, 3, 5, 6],
  [0, 3, 9, 2, 0],
  [2, 2, 8, 1, 1],
  [7, 7, 0, 0, 0],
  [3, 2, 6, 3, 0],
  [2, 5, 3, 2, 2],
  [6, 5, 2, 1, 0],
  [0, 2, 2, 3, 7],
];

/** Not everybody answered everything; irrCAC 0.4.3. */
const WITH_GAPS = [
  [3, 0, 0],
  [2, 1, 0],
  [0, 3, 0],
  [0, 2, 0],
  [1, 0, 1],
  [0, 0, 3],
  [1, 0, 0],
  [0, 1, 2],
  [2, 0, 0],
  [0, 0, 2],
  [1, 1, 1],
];

const cases = (counts: readonly (readonly number[])[]) => counts.map((readers) => ({ readers, cases: 1 }));

describe('Cohen’s kappa', () => {
  it.each([
    ['none', 0.5825478050094263, 0.46149399500716093, 0.7036016150116916],
    ['linear', 0.6928950863213812, 0.5921473463739189, 0.7936428262688435],
    ['quadratic', 0.7910625959406448, 0.7022388054644426, 0.8798863864168469],
  ] as const)('with weights %s equals statsmodels', (weights, value, low, high) => {
    const kappa = cohensKappa(TABLE, weights);
    expect(kappa).toEqual({
      value: expect.closeTo(value, 12),
      low: expect.closeTo(low, 12),
      high: expect.closeTo(high, 12),
    });
  });

  it('is 1 where both always agree, and says so without a doubt', () => {
    expect(
      cohensKappa([
        [3, 0],
        [0, 4],
      ]),
    ).toEqual({ value: 1, low: 1, high: 1 });
  });

  it('cannot be computed without cases, or with one category', () => {
    expect(cohensKappa([])).toEqual({ because: 'no case was answered by both' });
    expect(cohensKappa([[0]])).toEqual({ because: 'no case was answered by both' });
    expect(cohensKappa([[7]], 'quadratic')).toHaveProperty('because');
    expect(
      cohensKappa([
        [7, 0],
        [0, 0],
      ]),
    ).toHaveProperty('because', expect.stringContaining('one and the same answer'));
  });

  it('refuses a table that is not square', () => {
    expect(() => cohensKappa([[1, 2]])).toThrow(RangeError);
  });
});

describe('Fleiss’ kappa', () => {
  it('equals irrCAC where all cases have as many readers', () => {
    expect(fleissKappa(cases(FLEISS))).toEqual({
      value: expect.closeTo(0.2099307044, 10),
      low: expect.closeTo(0.0009727327, 9),
      high: expect.closeTo(0.4188886762, 9),
    });
  });

  it('equals irrCAC where answers are missing', () => {
    expect(fleissKappa(cases(WITH_GAPS))).toEqual({
      value: expect.closeTo(0.4926624738, 10),
      low: expect.closeTo(-0.0068777258, 9),
      high: expect.closeTo(0.9922026734, 9),
    });
  });

  it('takes cases with the same answers together', () => {
    const twice = fleissKappa(cases([...FLEISS, ...FLEISS]));
    expect(fleissKappa(FLEISS.map((readers) => ({ readers, cases: 2 })))).toEqual({
      value: expect.closeTo('value' in twice ? twice.value : 0, 12),
      low: expect.closeTo('low' in twice ? twice.low : 0, 12),
      high: expect.closeTo('high' in twice ? twice.high : 0, 12),
    });
  });

  it('cannot be computed with one reader, one case or one category', () => {
    expect(
      fleissKappa(
        cases([
          [1, 0],
          [0, 1],
        ]),
      ),
    ).toEqual({ because: 'no case was answered by two readers' });
    expect(fleissKappa(cases([[2, 1]]))).toEqual({ because: 'there is but one case' });
    expect(
      fleissKappa(
        cases([
          [2, 0],
          [3, 0],
        ]),
      ),
    ).toHaveProperty('because', expect.stringContaining('every answer'));
    expect(fleissKappa([])).toHaveProperty('because');
  });
});
