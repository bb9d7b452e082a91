import { describe, expect, it } from 'vitest';
import { reorient } from './reorient.ts';
import { resample, respaced } from './resample3d.ts';
import { GRIDS, generator, numbered, painted } from './volume.fixture.ts';
import { type Grid, gridOf, orientationOf, spacingOf, toIndex, toWorld, type Volume3D } from './volume.ts';

const linear = (x: number, y: number, z: number) => 3 * x - 2 * y + 0.5 * z + 7;

/** Greatest difference from a function of position, over the voxels at least `margin` source voxels inside. */
function greatestError(volume: Volume3D, source: Grid, value: typeof linear, margin: number): number {
  const [columns, rows] = volume.grid.size;
  let [worst, checked] = [0, 0];
  volume.values.forEach((found, at) => {
    const place = toWorld(volume.grid, at % columns, Math.floor(at / columns) % rows, Math.floor(at / columns / rows));
    const index = toIndex(source, ...place);
    if (index.some((one, axis) => one < margin || one > (source.size[axis] ?? 0) - 1 - margin)) return;
    worst = Math.max(worst, Math.abs(found - value(...place)));
    checked++;
  });
  expect(checked, 'voxels inside').toBeGreaterThan(10);
  return worst;
}

const LARGE = Object.fromEntries(
  Object.entries(GRIDS).map(([name, grid]): [string, Grid] => [name, { ...grid, size: [44, 40, 30] }]),
);

describe('resample', () => {
  it.each(Object.entries(GRIDS))(
    '%s: gives the values back on the same grid and on any order of its axes',
    (_, grid) => {
      const volume = numbered(grid);
      expect(resample(volume, grid).values).toEqual(Float32Array.from(volume.values));
      const turned = reorient(volume, 'SAR');
      expect(resample(volume, turned.grid).values).toEqual(Float32Array.from(turned.values));
    },
  );

  it.each(Object.entries(LARGE))('%s: is exact for what changes evenly, on finer and on coarser grids', (_, grid) => {
    const volume = painted(grid, linear);
    const spacing = spacingOf(grid);
    for (const factors of [
      [0.6, 0.8, 0.5],
      [1.7, 2.5, 1.3],
      [2, 0.5, 1],
    ] as const) {
      const target = respaced(grid, [spacing[0] * factors[0], spacing[1] * factors[1], spacing[2] * factors[2]]);
      expect(greatestError(resample(volume, target), grid, linear, 3)).toBeLessThan(2e-3);
    }
  });

  it.each(Object.entries(LARGE))('%s: onto a grid that runs along the patient', (_, grid) => {
    const volume = painted(grid, linear);
    const middle = toWorld(grid, 21, 19, 14);
    const target = gridOf([20, 20, 20], [0.5, 0.45, 0.6], [middle[0] - 5, middle[1] - 4.5, middle[2] - 6]);
    expect(greatestError(resample(volume, target), grid, linear, 3)).toBeLessThan(2e-3);
    const coarse = gridOf([8, 8, 8], [2.6, 2.2, 3.9], [middle[0] - 9, middle[1] - 8, middle[2] - 14]);
    expect(greatestError(resample(volume, coarse), grid, linear, 8)).toBeLessThan(0.02);
  });

  it.each(['plain', 'oblique'] as const)('%s: does not alias where it shrinks, and keeps the mean', (name) => {
    const grid: Grid = { ...GRIDS[name], size: [40, 40, 40] };
    const [columns, rows] = grid.size;
    const chequered: Volume3D<Float32Array> = {
      grid,
      values: Float32Array.from({ length: 64_000 }, (_, at) =>
        ((at % columns) + (Math.floor(at / columns) % rows) + Math.floor(at / 1600)) % 2 === 0 ? 100 : 0,
      ),
    };
    const spacing = spacingOf(grid);
    const along = respaced(grid, [spacing[0] * 4, spacing[1] * 4, spacing[2] * 4]);
    const turned = { ...along, affine: along.affine.map((one, at) => one + ((at % 4) - 1) * 0.05) };
    for (const target of [along, turned]) {
      const inside = resample(chequered, target, { outside: 50 }).values;
      expect(Math.max(...inside.map((value) => Math.abs(value - 50)))).toBeLessThan(8);
    }
  });

  it('takes the mean of what a voxel covers', () => {
    const random = generator(5);
    const volume = { grid: gridOf([60, 60, 60]), values: Float32Array.from({ length: 216_000 }, () => random() * 100) };
    const small = resample(volume, respaced(volume.grid, [3, 4, 5])).values;
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(small)).toBeCloseTo(mean(volume.values), 0);
    const spread = Math.sqrt(mean(small.map((value) => (value - 50) ** 2)));
    expect(spread).toBeLessThan(6);
  });

  it('gives what lies outside the value asked for, beyond half a voxel', () => {
    const volume = { grid: gridOf([2, 2, 2]), values: new Int16Array(8).fill(7) };
    for (const tilt of [0, 0.002]) {
      const row = gridOf(
        [5, 1, 1],
        [0.5, 1, 1],
        [-1, 0.2, 0.2],
        [
          [1, tilt, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      );
      expect([...resample(volume, row, { outside: -1 }).values].map(Math.round)).toEqual([-1, 7, 7, 7, 7]);
    }
  });

  it('follows a transform from the target to the source', () => {
    const volume = painted(LARGE.plain ?? GRIDS.plain, linear);
    const moved = resample(volume, volume.grid, { transform: [1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 0] });
    expect(moved.values[30]).toBeCloseTo((volume.values[30] ?? 0) + 6, 3);
  });

  it('keeps the middle where it changes the spacing', () => {
    const grid = respaced(GRIDS.oblique, [0.6, 0.6, 0.6]);
    expect(grid.size).toEqual([5, 6, 20]);
    expect(orientationOf(grid)).toBe(orientationOf(GRIDS.oblique));
    const [a, b] = [toWorld(grid, 2, 2.5, 9.5), toWorld(GRIDS.oblique, 2.5, 2, 1.5)];
    a.forEach((value, axis) => {
      expect(value).toBeCloseTo(b[axis] ?? 0, 9);
    });
  });
});
