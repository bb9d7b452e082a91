import { describe, expect, it } from 'vitest';
import { millilitres, percent, shareOfTotal, volumeWords } from './words.ts';

describe('words', () => {
  it.each([
    [0.934, '93 %'],
    [0.9999, '> 99 %'],
    [1, '100 %'],
    [0.001, '< 1 %'],
    [0, '0 %'],
  ])('the score %d is %s', (score, text) => {
    expect(percent(score)).toBe(text);
  });

  it.each([
    [0, '0 mL'],
    [0.0004, '< 0.01 mL'],
    [0.344, '0.34 mL'],
    [0.996, '1.0 mL'],
    [12.34, '12.3 mL'],
    [99.96, '100 mL'],
    [1234.5, '1235 mL'],
  ])('%d mL is %s', (volume, text) => {
    expect(millilitres(volume)).toBe(text);
  });

  it('say of a volume that is not whole that it is a lower bound', () => {
    expect(volumeWords({ volumeMl: 12, complete: false })).toBe('at least 12.0 mL (incomplete)');
  });

  it('tell shares of several structures only', () => {
    const two = [{ volumeMl: 1 }, { volumeMl: 3 }];
    expect(two.map((one) => shareOfTotal(one, two))).toEqual([0.25, 0.75]);
    expect(shareOfTotal({ volumeMl: 3 }, [{ volumeMl: 3 }])).toBeNull();
    expect(shareOfTotal({ volumeMl: 0 }, [{ volumeMl: 0 }, { volumeMl: 0 }])).toBeNull();
  });
});
