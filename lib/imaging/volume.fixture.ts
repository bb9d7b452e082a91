import { cross, length, scaled, type Vector } from './affine.ts';
import { countOf, type Grid, gridOf, type Volume3D } from './volume.ts';

function unit(vector: Vector): Vector {
  return scaled(vector, 1 / length(vector));
}

const row = unit([0.93, 0.31, -0.2]);
const normal = unit(cross(row, unit([-0.28, 0.94, 0.19])));
const down = cross(normal, row);

/** Grids as scanners make them: axial, its columns and slices reversed, sagittal and left-handed, oblique with flat voxels, tilted gantry. */
export const GRIDS = {
  plain: gridOf([5, 4, 3], [1, 1, 1], [-7, 11, 13]),
  reversed: gridOf(
    [5, 4, 3],
    [0.8, 0.6, 2.5],
    [40, -31, 250],
    [
      [-1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
    ],
  ),
  sagittal: gridOf(
    [4, 5, 6],
    [1, 1.1, 1.2],
    [-80, -120, 130],
    [
      [0, 1, 0],
      [0, 0, -1],
      [1, 0, 0],
    ],
  ),
  oblique: gridOf([6, 5, 4], [0.5, 0.7, 3], [-10, 20, -30], [row, down, normal]),
  tilted: gridOf(
    [4, 4, 5],
    [0.9, 0.9, 4],
    [3, 4, 5],
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, Math.sin(0.3), Math.cos(0.3)],
    ],
  ),
} satisfies Record<string, Grid>;

/** Every voxel another value, in order of memory, from 1. */
export function numbered(grid: Grid): Volume3D<Int16Array> {
  return { grid, values: Int16Array.from({ length: countOf(grid) }, (_, at) => at + 1) };
}

/** A volume whose values are a function of position (LPS, mm). */
export function painted(grid: Grid, value: (x: number, y: number, z: number) => number): Volume3D<Float32Array> {
  const [columns, rows, slices] = grid.size;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, m = 0, n = 0, o = 0, p = 0] = grid.affine;
  const values = new Float32Array(countOf(grid));
  for (let k = 0, at = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, at++) {
        values[at] = value(a * i + b * j + c * k + d, e * i + f * j + g * k + h, m * i + n * j + o * k + p);
      }
    }
  }
  return { grid, values };
}

/** Numbers from 0 to 1 that are the same in every run. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
