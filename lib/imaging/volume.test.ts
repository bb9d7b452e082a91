import { describe, expect, it } from 'vitest';
import { apply, compose, IDENTITY, invert, matrixOf } from './affine.ts';
import { inverseOrder, orderFor, reorder, reorient } from './reorient.ts';
import { GRIDS, numbered } from './volume.fixture.ts';
import {
  cornersOf,
  type Grid,
  gridOf,
  isRightHanded,
  orientationOf,
  sameGrid,
  spacingOf,
  toIndex,
  toWorld,
  voxelMl,
} from './volume.ts';

describe('a grid', () => {
  it.each(Object.entries(GRIDS))('%s: takes indices to positions and back', (_, grid) => {
    const place = toWorld(grid, 1.5, -2, 7);
    expect(toIndex(grid, ...place).map((value) => value.toFixed(6))).toEqual(['1.500000', '-2.000000', '7.000000']);
  });

  it('knows its spacing, the volume of a voxel and where it points', () => {
    expect(spacingOf(GRIDS.oblique).map((value) => value.toFixed(6))).toEqual(['0.500000', '0.700000', '3.000000']);
    expect(voxelMl(GRIDS.oblique)).toBeCloseTo(0.00105, 9);
    expect(Object.values(GRIDS).map(orientationOf)).toEqual(['LPS', 'RPI', 'PIL', 'LPS', 'LPS']);
    expect(Object.values(GRIDS).map(isRightHanded)).toEqual([true, true, false, true, true]);
  });

  it('is the same as another if all corners are', () => {
    const moved: Grid = {
      ...GRIDS.oblique,
      affine: GRIDS.oblique.affine.with(3, (GRIDS.oblique.affine[3] ?? 0) + 0.01),
    };
    expect(sameGrid(GRIDS.oblique, moved)).toBe(false);
    expect(sameGrid(GRIDS.oblique, moved, 0.02)).toBe(true);
    expect(cornersOf(GRIDS.plain).at(-1)).toEqual([-7 + 4 * 1, 11 + 3 * 1, 13 + 2 * 1]);
  });
});

describe('an affine', () => {
  it('is undone by its inverse, and refused where it flattens space', () => {
    const matrix = matrixOf(GRIDS.tilted.affine);
    compose(invert(matrix), matrix).forEach((value, index) => {
      expect(value).toBeCloseTo(IDENTITY[index] ?? 0, 12);
    });
    const twice = apply(matrix, ...apply(matrix, 1, 2, 3));
    apply(compose(matrix, matrix), 1, 2, 3).forEach((value, axis) => {
      expect(value).toBeCloseTo(twice[axis] ?? 0, 9);
    });
    expect(() => invert([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])).toThrow('flattens space');
    expect(() => matrixOf([1, 2])).toThrow('12 numbers; there are 2');
  });
});

describe('reorient', () => {
  it.each(Object.entries(GRIDS))('%s: keeps every value at its place, and is undone exactly', (_, grid) => {
    const volume = numbered(grid);
    for (const code of ['LPS', 'RAS', 'PIR', 'SAL', 'IRP']) {
      const turned = reorient(volume, code);
      expect(orientationOf(turned.grid)).toBe(code);
      const [columns, rows] = turned.grid.size;
      turned.values.forEach((value, at) => {
        const [i, j, k] = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / columns / rows)];
        const [oi, oj, ok] = toIndex(grid, ...toWorld(turned.grid, i, j, k)).map(Math.round);
        expect(value).toBe(volume.values[(oi ?? 0) + grid.size[0] * ((oj ?? 0) + grid.size[1] * (ok ?? 0))]);
      });
      const back = reorder(turned, inverseOrder(orderFor(grid, code)));
      expect(back.values).toEqual(volume.values);
      expect(sameGrid(back.grid, grid, 1e-9)).toBe(true);
    }
  });

  it('copies nothing where nothing changes, and refuses what is no orientation', () => {
    const volume = numbered(GRIDS.plain);
    expect(reorient(volume, 'LPS')).toBe(volume);
    for (const code of ['LPX', 'LLS', 'LP', 'LPSS']) {
      expect(() => reorient(volume, code), code).toThrow('one of L/R, P/A and S/I each');
    }
  });

  it('gives each axis of a grid at 45° another one of the patient’s', () => {
    const half = Math.SQRT1_2;
    const grid = gridOf(
      [2, 2, 2],
      [1, 1, 1],
      [0, 0, 0],
      [
        [half, half, 0],
        [-half, half, 0],
        [0, 0, 1],
      ],
    );
    expect(
      [...orientationOf(grid)].map((letter) => ['LR', 'PA', 'SI'].findIndex((pair) => pair.includes(letter))).sort(),
    ).toEqual([0, 1, 2]);
  });
});
