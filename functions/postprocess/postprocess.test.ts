import { describe, expect, it } from 'vitest';
import { diceOf } from '../../lib/imaging/agreement.ts';
import { countOf, type Grid, gridOf, toWorld, type Volume3D, voxelMl } from '../../lib/imaging/volume.ts';
import { labelsOnto } from './back.ts';
import { tidy } from './tidy.ts';

/** Labels by position. */
function paint(grid: Grid, label: (x: number, y: number, z: number) => number): Volume3D<Uint8Array> {
  const values = new Uint8Array(countOf(grid));
  const [columns, rows, slices] = grid.size;
  for (let k = 0, at = 0; k < slices; k++)
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++, at++) values[at] = label(...toWorld(grid, i, j, k));
  return { grid, values };
}

/** Two halves of a ball of 20 mm that touch at x = 2, where voxels of the coarse grid meet. */
const halves = (x: number, y: number, z: number) => (Math.hypot(x, y, z) > 20 ? 0 : x < 2 ? 1 : 2);
const coarse = gridOf([30, 30, 30], [2, 2, 2], [-29, -29, -29]);
/** The label of the voxel of a map on the coarse grid whose centre is nearest; 0 outside. */
const nearestIn =
  ({ values }: Volume3D<Uint8Array>) =>
  (...position: [x: number, y: number, z: number]) => {
    const [i = 0, j = 0, k = 0] = position.map((mm) => Math.round((mm + 29) / 2));
    return [i, j, k].every((index) => index >= 0 && index < 30) ? (values[i + 30 * (j + 30 * k)] ?? 0) : 0;
  };
const fine = gridOf([60, 60, 60], [1, 1, 1], [-29.5, -29.5, -29.5]);
const oblique = gridOf(
  [70, 60, 30],
  [0.9, 0.9, 2],
  [-30, -30, -27],
  [
    [0.98, 0.19899748742132398, 0],
    [-0.19899748742132398, 0.98, 0],
    [0, 0, 1],
  ],
);

describe('labelsOnto', () => {
  it('leaves a map on its own grid as it is', () => {
    const map = paint(coarse, halves);
    expect(labelsOnto(map, coarse, [1, 2])).toBe(map);
  });

  it.each([
    ['a finer grid', fine],
    ['an oblique one', oblique],
    [
      'one whose slices run the other way',
      gridOf(
        [60, 60, 40],
        [1, 1, 1.5],
        [-29.5, -29.5, 29],
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, -1],
        ],
      ),
    ],
  ])('is nearer to the truth than the nearest voxel on %s', (_, grid) => {
    const map = paint(coarse, halves);
    const truth = paint(grid, halves);
    const linear = labelsOnto(map, grid, [1, 2]);
    const nearest = paint(grid, nearestIn(map));
    for (const label of [1, 2]) {
      const dice = diceOf(linear.values, truth.values, label);
      expect(dice).toBeGreaterThan(0.97);
      expect(dice).toBeGreaterThan(diceOf(nearest.values, truth.values, label));
    }
  });

  it('keeps volumes, and leaves no gap between structures that touch', () => {
    const linear = labelsOnto(paint(coarse, halves), fine, [1, 2]);
    const whole = linear.values.filter((label) => label !== 0).length * voxelMl(fine);
    expect(Math.abs(whole / ((4 / 3) * Math.PI * 8) - 1)).toBeLessThan(0.02);
    const gap = linear.values.some(
      (label, at) => label === 0 && linear.values[at - 1] === 1 && linear.values[at + 1] === 2,
    );
    expect(gap).toBe(false);
  });

  it('gives an empty map for an empty one', () => {
    expect(
      labelsOnto(
        paint(coarse, () => 0),
        fine,
        [1],
      ).values.some((label) => label !== 0),
    ).toBe(false);
  });
});

describe('tidy', () => {
  const grid = gridOf([12, 12, 12]);
  /** A hollow cube with another structure in its hole, and a speck far from it. */
  const made = () =>
    paint(grid, (x, y, z) => {
      const cube = [x, y, z].every((one) => one >= 1 && one <= 6);
      const hole = [x, y, z].every((one) => one >= 3 && one <= 4);
      if (hole) return x === 3 ? 2 : 0;
      if (x === 10 && y === 10 && z === 10) return 1;
      return cube ? 1 : 0;
    });
  const count = (map: Volume3D<Uint8Array>, label: number) => map.values.filter((value) => value === label).length;
  const nothing = { fillHoles: false, largestComponent: false, smallestMl: 0 };

  it('does nothing where nothing is asked', () => {
    const map = made();
    tidy(map, 1, nothing);
    expect(map.values).toEqual(made().values);
  });

  it('fills what is empty inside, and leaves other structures there', () => {
    const map = made();
    tidy(map, 1, { ...nothing, fillHoles: true });
    expect([count(map, 1), count(map, 2)]).toEqual([6 ** 3 - 4 + 1, 4]);
  });

  it.each([
    ['keeps the largest part', { ...nothing, largestComponent: true }],
    ['drops specks', { ...nothing, smallestMl: 0.002 }],
  ])('%s', (_, wanted) => {
    const map = made();
    tidy(map, 1, wanted);
    expect(count(map, 1)).toBe(6 ** 3 - 8);
  });
});
