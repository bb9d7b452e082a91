import { describe, expect, it } from 'vitest';
import type { Hip, HipImage } from '../../schemas/result.ts';
import { boxAgreement, diceOf } from './agreement.ts';

describe('diceOf', () => {
  it.each([
    [[1, 1, 0, 2], [1, 1, 0, 2], 1, 1],
    [[1, 1, 0, 0], [0, 1, 1, 0], 1, 0.5],
    [[1, 0], [0, 1], 1, 0],
    [[0, 0], [0, 0], 1, 1],
    [[1, 2], [2, 2], 2, 2 / 3],
  ])('of %j and %j for label %d is %d', (first, second, label, dice) => {
    expect(diceOf(Uint8Array.from(first), Uint8Array.from(second), label)).toBeCloseTo(dice, 12);
  });

  it('compares maps that number a structure differently', () => {
    expect(diceOf([1, 2, 0], [0, 1, 2], 2, 1)).toBe(1);
  });

  it('refuses maps of different sizes', () => {
    expect(() => diceOf([1], [1, 2], 1)).toThrow('these have 1 and 2 voxels');
  });
});

describe('boxAgreement', () => {
  const hip = (x: number, more: Partial<Hip> = {}): Hip => ({
    side: 'right',
    sideSource: 'stated',
    box: [x, 0, x + 100, 100],
    class: 'fracture',
    confidence: 0.9,
    scores: {},
    ...more,
  });
  const image = (sopInstanceUid: string, hips: Hip[]): HipImage => ({
    sopInstanceUid,
    seriesInstanceUid: '1.2',
    rows: 500,
    columns: 500,
    lossy: false,
    scope: 1,
    hips,
    notes: [],
    preview: { png: 'p', gray16: 'g', rows: 5, columns: 5 },
  });

  it('pairs boxes whatever their order', () => {
    const left = hip(300, { side: 'left', class: 'no-fracture' });
    const [agreed] = boxAgreement([image('1.1', [hip(0), left])], [image('1.1', [left, hip(50)])]);
    expect(agreed).toEqual({ sopInstanceUid: '1.1', leastIou: 50 / 150, sameClasses: true });
  });

  it('sees another class, another side, a box more, an image less', () => {
    const one = [image('1.1', [hip(0)])];
    expect(boxAgreement(one, [image('1.1', [hip(0, { class: 'hardware' })])])[0]?.sameClasses).toBe(false);
    expect(boxAgreement(one, [image('1.1', [hip(0, { side: 'left' })])])[0]?.sameClasses).toBe(false);
    expect(boxAgreement(one, [image('1.1', [hip(0), hip(300)])])[0]).toMatchObject({ leastIou: 0, sameClasses: false });
    expect(boxAgreement(one, [image('1.2', [hip(0)])])).toHaveLength(2);
    expect(boxAgreement([image('1.1', [])], [image('1.1', [])])[0]).toMatchObject({ leastIou: 1, sameClasses: true });
  });
});
