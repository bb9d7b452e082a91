import type { Grid } from '../../../schemas/volume.ts';

/** Along x, y, z in mm (LPS), or along i, j, k in voxels. */
export type Vector = readonly [number, number, number];

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function plus(a: Vector, b: Vector, factor = 1): Vector {
  return [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]];
}

export function length(a: Vector): number {
  return Math.hypot(...a);
}

export function unit(a: Vector): Vector {
  const norm = length(a);
  return [a[0] / norm, a[1] / norm, a[2] / norm];
}

/** The way from a voxel to its neighbour along i, j or k (0, 1, 2); 3 is the centre of the first voxel. */
export function columnOf({ affine }: Grid, column: 0 | 1 | 2 | 3): Vector {
  return [affine[column] ?? Number.NaN, affine[4 + column] ?? Number.NaN, affine[8 + column] ?? Number.NaN];
}

/** Position of a voxel's centre. */
export function worldOf(grid: Grid, [i, j, k]: Vector): Vector {
  return plus(plus(plus(columnOf(grid, 3), columnOf(grid, 0), i), columnOf(grid, 1), j), columnOf(grid, 2), k);
}

/** Fractional index in the grid of a position. */
export function indexer(grid: Grid): (position: Vector) => Vector {
  const [i, j, k, origin] = [columnOf(grid, 0), columnOf(grid, 1), columnOf(grid, 2), columnOf(grid, 3)];
  const determinant = dot(i, cross(j, k));
  const rows = [cross(j, k), cross(k, i), cross(i, j)] as const;
  return (position) => {
    const from = plus(position, origin, -1);
    return [dot(rows[0], from) / determinant, dot(rows[1], from) / determinant, dot(rows[2], from) / determinant];
  };
}
