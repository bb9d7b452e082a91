import { describe, expect, it } from 'vitest';
import { startsAlong, weightsOf, windowsOver } from './windows.ts';

describe('startsAlong', () => {
  it.each([
    ['the last window ends with the axis', 100, 40, 0.5, [0, 20, 40, 60]],
    ['the last window is moved back', 101, 40, 0.5, [0, 20, 40, 60, 61]],
    ['one window', 40, 40, 0.5, [0]],
    ['a short axis, padded on both sides, the odd voxel behind', 37, 40, 0.5, [-1]],
    ['a step of at least one voxel', 4, 2, 0.9, [0, 1, 2]],
    ['no overlap', 10, 4, 0, [0, 4, 6]],
  ])('%s', (_, length, window, overlap, starts) => {
    expect(startsAlong(length, window, overlap)).toEqual(starts);
  });
});

it('windows follow each other along i, then j, then k', () => {
  const windows = windowsOver([6, 4, 8], { size: [4, 4, 4], overlap: 0.5, weights: 'gaussian' });
  expect(windows).toEqual([0, 2, 4].flatMap((k) => [0, 2].map((i) => [i, 0, k])));
});

describe('weightsOf', () => {
  it('counts the middle most and the corner a thousandth', () => {
    const weights = weightsOf({ size: [9, 7, 5], overlap: 0, weights: 'gaussian' });
    const at = (i: number, j: number, k: number) => weights?.[i + 9 * (j + 7 * k)];
    expect(at(4, 3, 2)).toBe(1);
    expect(at(0, 0, 0)).toBeCloseTo(0.001, 6);
    expect(at(5, 3, 2)).toBeCloseTo(Math.exp(-1 / (2 * (9 / 8) ** 2)), 6);
    expect(at(4, 3, 1)).toBeCloseTo(Math.exp(-1 / (2 * (5 / 8) ** 2)), 6);
  });

  it('has none where all count alike', () => {
    expect([...weightsOf({ size: [2, 3, 2], overlap: 0, weights: 'constant' })]).toEqual([1, 1]);
  });
});
