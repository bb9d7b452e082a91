import { column, compose, dot, IDENTITY, invert, length, type Matrix, matrixOf } from './affine.ts';
import { obliquely } from './resample-oblique.ts';
import { type AxisMap, separably } from './resample-separable.ts';
import { type Axis, type Grid, spacingOf, type Volume3D } from './volume.ts';

/** Where an axis shrinks less than this, an oblique volume is not smoothed first. */
const LITTLE = 1.25;

export interface ResampleOptions {
  /** Value of what lies outside the source: beyond half a voxel of its outermost centres. */
  readonly outside?: number;
  /** Position in the target (LPS, mm) → position in the source, as `registerRigid` gives it; the same place if left out. */
  readonly transform?: Matrix;
}

/**
 * A volume on another grid, trilinear. Where the target is coarser, each of its voxels is the mean of what it covers,
 * weighted by a triangle, so that nothing aliases; where both have the same spacing and centres, values are exact.
 *
 * Axis-aligned grids (in any order and direction of axes) are done separably, a few slices in memory at a time; oblique
 * ones point by point.
 */
export function resample(volume: Volume3D, target: Grid, options: ResampleOptions = {}): Volume3D<Float32Array> {
  const { outside = 0 } = options;
  const map = indexMap(volume.grid, target, options.transform);
  const axes = axisMaps(map, target, volume.grid);
  if (axes !== undefined) return { grid: target, values: separably(volume, target.size, axes, outside) };
  const source = shrunk(volume, target, options.transform);
  return {
    grid: target,
    values: obliquely(source, target.size, indexMap(source.grid, target, options.transform), outside),
  };
}

/** The grid with another spacing (mm) that covers the same box: its outer edges are the same to half a new voxel. */
export function respaced(grid: Grid, spacing: readonly [number, number, number]): Grid {
  const matrix = matrixOf(grid.affine);
  const factor = (axis: Axis) => spacing[axis] / length(column(matrix, axis));
  const size = (axis: Axis) => Math.max(1, Math.round(grid.size[axis] / factor(axis)));
  const sizes: Grid['size'] = [size(0), size(1), size(2)];
  // The middles coincide.
  const shift = (axis: Axis) => (grid.size[axis] - 1 - (sizes[axis] - 1) * factor(axis)) / 2;
  const step: Matrix = [factor(0), 0, 0, shift(0), 0, factor(1), 0, shift(1), 0, 0, factor(2), shift(2)];
  return { size: sizes, affine: [...compose(matrix, step)] };
}

/** Index in the target → index in the source. */
function indexMap(source: Grid, target: Grid, transform: Matrix = IDENTITY): Matrix {
  return compose(invert(matrixOf(source.affine)), compose(transform, matrixOf(target.affine)));
}

/** How each axis of the target runs along one of the source's; undefined where one of them does not. */
function axisMaps(map: Matrix, target: Grid, source: Grid): readonly [AxisMap, AxisMap, AxisMap] | undefined {
  const along = (axis: Axis): AxisMap | undefined => {
    const step = column(map, axis);
    const [main] = ([0, 1, 2] as const).toSorted((a, b) => Math.abs(step[b]) - Math.abs(step[a]));
    if (main === undefined) return undefined;
    // Off the axis by less than a thousandth of a voxel over the whole target.
    const off = ([0, 1, 2] as const).every(
      (other) => other === main || Math.abs(step[other]) * target.size[axis] < 1e-3,
    );
    return off ? { axis: main, step: step[main], start: map[main * 4 + 3] ?? 0, count: source.size[main] } : undefined;
  };
  const [i, j, k] = [along(0), along(1), along(2)];
  if (i === undefined || j === undefined || k === undefined) return undefined;
  return new Set([i.axis, j.axis, k.axis]).size === 3 ? [i, j, k] : undefined;
}

/**
 * The source made coarser along its own axes where the target's voxels span several of its own: how far a voxel of the
 * target reaches along an axis of the source, in the source's spacing.
 */
function shrunk(volume: Volume3D, target: Grid, transform: Matrix = IDENTITY): Volume3D {
  const [source, voxel] = [matrixOf(volume.grid.affine), compose(transform, matrixOf(target.affine))];
  const spacing = (axis: Axis) => {
    const step = column(source, axis);
    const reach = ([0, 1, 2] as const).map((of) => dot(column(voxel, of), step) / length(step));
    const span = Math.hypot(...reach) / length(step);
    return length(step) * (span > LITTLE ? span : 1);
  };
  const wanted = [spacing(0), spacing(1), spacing(2)] as const;
  if (wanted.every((one, axis) => one === spacingOf(volume.grid)[axis])) return volume;
  return resample(volume, respaced(volume.grid, wanted));
}
