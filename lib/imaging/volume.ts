/**
 * Volumes in memory. One convention everywhere inside: positions are in mm, LPS (x to the patient's left, y to the back, z
 * to the head), at the centre of a voxel; i (columns) varies fastest, then j (rows), then k (slices).
 */
import type { Grid } from '../../schemas/volume.ts';
import {
  apply,
  column,
  cross,
  determinant,
  dot,
  fromColumns,
  invert,
  length,
  matrixOf,
  scaled,
  type Vector,
} from './affine.ts';

export type { Grid, Vector };

export type Voxels =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

export type Axis = 0 | 1 | 2;
/** Letters of the positive and the negative way along x, y, z. */
const LETTERS = ['LR', 'PA', 'SI'] as const;
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** Values on a grid: `values[i + size[0] * (j + size[1] * k)]`. */
export interface Volume3D<T extends Voxels = Voxels> {
  readonly grid: Grid;
  readonly values: T;
}

/** Number of voxels. */
export function countOf({ size }: Grid): number {
  return size[0] * size[1] * size[2];
}

/** Distance between neighbouring centres along i, j, k in mm. */
export function spacingOf({ affine }: Grid): [number, number, number] {
  const matrix = matrixOf(affine);
  return [length(column(matrix, 0)), length(column(matrix, 1)), length(column(matrix, 2))];
}

/** Unit vectors (LPS) along i, j, k. */
export function directionsOf({ affine }: Grid): [Vector, Vector, Vector] {
  const matrix = matrixOf(affine);
  const unit = (axis: 0 | 1 | 2) => {
    const vector = column(matrix, axis);
    return scaled(vector, 1 / length(vector));
  };
  return [unit(0), unit(1), unit(2)];
}

/**
 * Where the axes i, j, k point, each to the nearest of the patient's axes: `LPS` where i runs to the left, j to the back, k
 * to the head. No two share an axis, however oblique the grid is.
 */
export function orientationOf(grid: Grid): string {
  const directions = directionsOf(grid);
  const cosine = (axis: Axis, world: Axis) => directions[axis][world];
  const closeness = (order: readonly [Axis, Axis, Axis]) =>
    Math.abs(cosine(0, order[0])) + Math.abs(cosine(1, order[1])) + Math.abs(cosine(2, order[2]));
  const nearest = ORDERS.reduce<readonly [Axis, Axis, Axis]>(
    (best, order) => (closeness(order) > closeness(best) + 1e-9 ? order : best),
    ORDERS[0],
  );
  const letter = (axis: Axis) => LETTERS[nearest[axis]][cosine(axis, nearest[axis]) >= 0 ? 0 : 1] ?? '';
  return letter(0) + letter(1) + letter(2);
}

/** Position (LPS, mm) of a voxel's centre; the index may be fractional and outside. */
export function toWorld({ affine }: Grid, i: number, j: number, k: number): Vector {
  return apply(matrixOf(affine), i, j, k);
}

/** Fractional index of a position (LPS, mm). Over many points, invert the affine once instead. */
export function toIndex({ affine }: Grid, x: number, y: number, z: number): Vector {
  return apply(invert(matrixOf(affine)), x, y, z);
}

/** Volume of a voxel in mL. */
export function voxelMl({ affine }: Grid): number {
  return Math.abs(determinant(matrixOf(affine))) / 1000;
}

/** A grid of that size, spacing (mm) and origin (centre of the first voxel, LPS) whose axes point along x, y, z or as said. */
export function gridOf(
  size: Grid['size'],
  spacing: Vector = [1, 1, 1],
  origin: Vector = [0, 0, 0],
  directions: readonly [Vector, Vector, Vector] = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
): Grid {
  const [i, j, k] = directions;
  const affine = fromColumns(scaled(i, spacing[0]), scaled(j, spacing[1]), scaled(k, spacing[2]), origin);
  return { size, affine: [...affine] };
}

/** Whether two grids have the same size and every corner within `toleranceMm`. */
export function sameGrid(a: Grid, b: Grid, toleranceMm = 1e-3): boolean {
  if (a.size.some((size, axis) => size !== b.size[axis])) return false;
  return cornersOf(a).every((corner, index) => {
    const other = cornersOf(b)[index] ?? corner;
    return Math.hypot(corner[0] - other[0], corner[1] - other[1], corner[2] - other[2]) <= toleranceMm;
  });
}

/** Centres of the eight outermost voxels (LPS, mm), i varying fastest. */
export function cornersOf(grid: Grid): Vector[] {
  const [columns, rows, slices] = grid.size;
  return [0, slices - 1].flatMap((k) =>
    [0, rows - 1].flatMap((j) => [0, columns - 1].map((i) => toWorld(grid, i, j, k))),
  );
}

/** Whether the three axes stand on each other at right angles (a tilted gantry's do not), to a thousandth of a radian. */
export function isRectangular(grid: Grid): boolean {
  const [i, j, k] = directionsOf(grid);
  return [dot(i, j), dot(j, k), dot(i, k)].every((cosine) => Math.abs(cosine) < 1e-3);
}

/** Whether k runs along i × j, as in a right-handed grid. */
export function isRightHanded(grid: Grid): boolean {
  const [i, j, k] = directionsOf(grid);
  return dot(cross(i, j), k) > 0;
}

/** Zeros in an array of the same kind. */
export function emptyLike<T extends Voxels>(values: T, count: number): T;
export function emptyLike(values: Voxels, count: number): Voxels {
  if (values instanceof Int8Array) return new Int8Array(count);
  if (values instanceof Uint8Array) return new Uint8Array(count);
  if (values instanceof Int16Array) return new Int16Array(count);
  if (values instanceof Uint16Array) return new Uint16Array(count);
  if (values instanceof Int32Array) return new Int32Array(count);
  if (values instanceof Uint32Array) return new Uint32Array(count);
  return values instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
}
