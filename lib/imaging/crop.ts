import { apply, column, fromColumns, matrixOf } from './affine.ts';
import { countOf, emptyLike, type Grid, spacingOf, type Vector, type Volume3D, type Voxels } from './volume.ts';

/** A block of voxels along i, j, k: from the first to before `to`. It may reach beyond a grid, with negative indices too. */
export interface Block {
  readonly from: Vector;
  readonly to: Vector;
}

/** The whole of a grid. */
export function wholeOf({ size }: Grid): Block {
  return { from: [0, 0, 0], to: size };
}

/**
 * The smallest block that holds every voxel above `above`, with a margin that stays inside the grid; the whole where there
 * is none.
 *
 * @param marginMm rounded up to voxels along each axis
 */
export function foregroundBlock({ grid, values }: Volume3D, above: number, marginMm = 0): Block {
  const found = tightBlock(grid, values, above);
  if (found === undefined) return wholeOf(grid);
  const spacing = spacingOf(grid);
  const margin = (axis: 0 | 1 | 2) => Math.ceil(marginMm / spacing[axis] - 1e-6);
  const low = (axis: 0 | 1 | 2) => Math.max(0, found.from[axis] - margin(axis));
  const high = (axis: 0 | 1 | 2) => Math.min(grid.size[axis], found.to[axis] + margin(axis));
  return { from: [low(0), low(1), low(2)], to: [high(0), high(1), high(2)] };
}

/** The smallest block that holds every voxel above `above`; undefined where there is none. */
export function tightBlock({ size }: Grid, values: Voxels, above: number): Block | undefined {
  const [columns, rows, slices] = size;
  let [i0, i1, j0, j1, k0, k1] = [columns, -1, rows, -1, slices, -1];
  for (let k = 0, row = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++, row += columns) {
      let first = 0;
      while (first < columns && !((values[row + first] ?? 0) > above)) first++;
      if (first === columns) continue;
      let last = columns - 1;
      while (!((values[row + last] ?? 0) > above)) last--;
      if (first < i0) i0 = first;
      if (last > i1) i1 = last;
      if (j < j0) j0 = j;
      if (j > j1) j1 = j;
      if (k < k0) k0 = k;
      k1 = k;
    }
  }
  return i1 < 0 ? undefined : { from: [i0, j0, k0], to: [i1 + 1, j1 + 1, k1 + 1] };
}

/** The block of a size that has its middle where the grid has its own: cut where it is smaller, padded where larger. */
export function centredBlock({ size }: Grid, wanted: Grid['size']): Block {
  const from = (axis: 0 | 1 | 2) => Math.floor((size[axis] - wanted[axis]) / 2);
  const start: Vector = [from(0), from(1), from(2)];
  return { from: start, to: [start[0] + wanted[0], start[1] + wanted[1], start[2] + wanted[2]] };
}

/** The grid of a block: the same voxels at the same places. */
export function gridOfBlock({ affine }: Grid, { from, to }: Block): Grid {
  const matrix = matrixOf(affine);
  const origin = apply(matrix, ...from);
  return {
    size: [to[0] - from[0], to[1] - from[1], to[2] - from[2]],
    affine: [...fromColumns(column(matrix, 0), column(matrix, 1), column(matrix, 2), origin)],
  };
}

/** The values of a block, `fill` where it reaches beyond the volume. Undone, inside the volume, by `paste`. */
export function cut<T extends Voxels>(volume: Volume3D<T>, block: Block, fill = 0): Volume3D<T> {
  const grid = gridOfBlock(volume.grid, block);
  const values = emptyLike(volume.values, countOf(grid));
  if (fill !== 0) values.fill(fill);
  copyRows(volume, { grid, values }, block.from);
  return { grid, values };
}

/**
 * As `cut`, of a block inside the volume, in its own memory: the volume itself is lost. For volumes of which no second copy
 * should be held.
 *
 * @throws {RangeError} the block reaches beyond the volume
 */
export function cutInPlace<T extends Voxels>(volume: Volume3D<T>, block: Block): Volume3D<T>;
export function cutInPlace({ grid, values }: Volume3D, block: Block): Volume3D {
  const isInside = ([0, 1, 2] as const).every((axis) => block.from[axis] >= 0 && block.to[axis] <= grid.size[axis]);
  if (!isInside) throw new RangeError('A block that is cut in place lies inside its volume.');
  const left = gridOfBlock(grid, block);
  const [columns, rows] = grid.size;
  let at = 0;
  for (let k = block.from[2]; k < block.to[2]; k++) {
    for (let j = block.from[1]; j < block.to[1]; j++, at += left.size[0]) {
      // A row never goes behind where it was, so none is written over before it was read.
      const row = columns * (j + rows * k);
      values.copyWithin(at, row + block.from[0], row + block.to[0]);
    }
  }
  return { grid: left, values: values.subarray(0, countOf(left)) };
}

/** Puts the values of a block back where `cut` took them; what lies beyond the volume is dropped. Writes into `volume`. */
export function paste<T extends Voxels>(volume: Volume3D<T>, part: Volume3D<T>, block: Block): void {
  copyRows(part, volume, [-block.from[0], -block.from[1], -block.from[2]]);
}

/** Copies where both have voxels; voxel (i, j, k) of `to` is (i, j, k) + `shift` of `from`. */
function copyRows(from: Volume3D, to: Volume3D, shift: Vector): void {
  const begin = (axis: 0 | 1 | 2) => Math.max(0, -shift[axis]);
  const end = (axis: 0 | 1 | 2) => Math.min(to.grid.size[axis], from.grid.size[axis] - shift[axis]);
  const [i0, i1] = [begin(0), end(0)];
  if (i1 <= i0) return;
  const index = ({ size }: Grid, i: number, j: number, k: number) => i + size[0] * (j + size[1] * k);
  for (let k = begin(2); k < end(2); k++) {
    for (let j = begin(1); j < end(1); j++) {
      const source = index(from.grid, i0 + shift[0], j + shift[1], k + shift[2]);
      to.values.set(from.values.subarray(source, source + i1 - i0), index(to.grid, i0, j, k));
    }
  }
}
