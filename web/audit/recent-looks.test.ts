import { describe, expect, it } from 'vitest';
import { Looks } from './recent-looks.ts';

describe('Looks', () => {
  it('counts a look again after ten minutes', () => {
    const looks = new Looks();
    expect([0, 1000, 600_000].map((at) => looks.isNew('reader 1.2', at))).toEqual([true, false, true]);
    expect(looks.isNew('another 1.2', 1000)).toBe(true);
  });

  it('counts a look again where the clock was set back, or nobody wrote it down', () => {
    const looks = new Looks();
    expect([3_600_000, 3_599_995, 0].map((at) => looks.isNew('reader 1.2', at))).toEqual([true, false, true]);
    looks.forget('reader 1.2');
    expect(looks.isNew('reader 1.2', 1)).toBe(true);
  });
});
