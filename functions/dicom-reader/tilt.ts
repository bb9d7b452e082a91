import { column, cross, dot, fromColumns, length, matrixOf, plus, scaled, shiftOf } from '../../lib/imaging/affine.ts';
import { type Block, gridOfBlock } from '../../lib/imaging/crop.ts';
import { newNifti, type WrittenKind } from '../../lib/imaging/nifti.ts';
import { resample } from '../../lib/imaging/resample3d.ts';
import type { Grid, Volume3D, Voxels } from '../../lib/imaging/volume.ts';

/** Slices made at once: the numbers that they are made with take two or four times the memory of the result. */
const SLAB = 16;

/**
 * Straightens a volume whose slices are sheared, as a tilted gantry makes them: every slice is moved within its plane, so
 * that the axes stand at right angles and every voxel stays at its place. The grid grows by what the slices move; what lies
 * outside has the least value there is.
 */
export function straighten(
  volume: Volume3D,
  kind: WrittenKind,
  tiltDeg: number,
): { grid: Grid; bytes: Buffer; notes: string[] } {
  const grid = uprightGrid(volume.grid);
  const [columns, rows, slices] = grid.size;
  const outside = leastOf(volume.values);
  const { bytes, values } = newNifti(grid, kind);
  for (let k = 0; k < slices; k += SLAB) {
    const slab: Block = { from: [0, 0, k], to: [columns, rows, Math.min(slices, k + SLAB)] };
    const moved = resample(volume, gridOfBlock(grid, slab), { outside }).values;
    const start = columns * rows * k;
    for (let at = 0; at < moved.length; at++) {
      const value = moved[at] ?? 0;
      values[start + at] = kind === 'float32' ? value : Math.round(value);
    }
  }
  const angle = Number(tiltDeg.toFixed(1));
  const note = `The slices are tilted by ${angle}° against the way of the table; they were resampled to stand upright.`;
  return { grid, bytes, notes: [note] };
}

/** The grid with the same slices, one straight behind the other, that holds all of the sheared one. */
function uprightGrid({ size, affine }: Grid): Grid {
  const matrix = matrixOf(affine);
  const [i, j, step] = [column(matrix, 0), column(matrix, 1), column(matrix, 2)];
  const normal = cross(scaled(i, 1 / length(i)), scaled(j, 1 / length(j)));
  const drift = (axis: typeof i) => (dot(step, axis) / dot(axis, axis)) * (size[2] - 1);
  const [di, dj] = [drift(i), drift(j)];
  const before = (way: number) => Math.min(0, Math.floor(way + 1e-6));
  const after = (way: number) => Math.max(0, Math.ceil(way - 1e-6));
  const origin = plus(shiftOf(matrix), plus(scaled(i, before(di)), scaled(j, before(dj))));
  return {
    size: [size[0] + after(di) - before(di), size[1] + after(dj) - before(dj), size[2]],
    affine: [...fromColumns(i, j, scaled(normal, dot(step, normal)), origin)],
  };
}

function leastOf(values: Voxels): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < values.length; at++) least = Math.min(least, values[at] ?? least);
  return least;
}
