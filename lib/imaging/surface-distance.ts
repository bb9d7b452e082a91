import { spacingOf, type Volume3D } from './volume.ts';

/** Farther than any two voxels of a patient, mm²; a number, since Infinity − Infinity is none. */
const NOWHERE = 1e12;

/** Part of a grid around what is compared: first voxel and size along i, j, k. */
interface Box {
  readonly first: readonly [number, number, number];
  readonly size: readonly [number, number, number];
}

/**
 * Distance between the surfaces of one label in two label maps on one grid, mm: of each surface the 95th percentile of the
 * distances of its voxels to the other, and of the two the greater (as MONAI's `compute_hausdorff_distance(percentile=95)`
 * has it). A voxel is on the surface where one of its six neighbours is not in the structure, or lies outside the grid.
 * The axes are taken to stand at right angles.
 *
 * @returns null where one of the two is empty
 * @throws {RangeError} the maps differ in size
 */
export function surfaceDistance95(
  first: Volume3D<Uint8Array>,
  second: Volume3D<Uint8Array>,
  label: number,
): number | null {
  if (first.values.length !== second.values.length) throw new RangeError('Label maps of equal size are compared.');
  const box = boxOf(first, second, label);
  if (box === undefined) return null;
  const spacing = spacingOf(first.grid);
  const [one, other] = [surfaceIn(first, label, box), surfaceIn(second, label, box)];
  if (one.length === 0 || other.length === 0) return null;
  return Math.max(directed(one, other, box, spacing), directed(other, one, box, spacing));
}

/** 95th percentile, between the nearest ranks, of the distances of the voxels `from` to the nearest of `to`. */
function directed(from: Uint32Array, to: Uint32Array, box: Box, spacing: readonly [number, number, number]): number {
  const squared = squaredDistances(to, box, spacing);
  const distances = Float64Array.from(from, (at) => Math.sqrt(squared[at] ?? 0)).sort();
  const rank = 0.95 * (distances.length - 1);
  const [low = 0, high = low] = [distances[Math.floor(rank)], distances[Math.ceil(rank)]];
  return low + (high - low) * (rank - Math.floor(rank));
}

/** The smallest box that holds the label of both maps. */
function boxOf({ grid, values }: Volume3D<Uint8Array>, second: Volume3D<Uint8Array>, label: number): Box | undefined {
  const [columns, rows, slices] = grid.size;
  const low: [number, number, number] = [columns, rows, slices];
  const high: [number, number, number] = [-1, -1, -1];
  for (let k = 0, at = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, at++) {
        if (values[at] !== label && second.values[at] !== label) continue;
        if (i < low[0]) low[0] = i;
        if (i > high[0]) high[0] = i;
        if (j < low[1]) low[1] = j;
        if (j > high[1]) high[1] = j;
        if (k < low[2]) low[2] = k;
        high[2] = k;
      }
    }
  }
  if (high[2] < 0) return undefined;
  return { first: low, size: [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1] };
}

/** Voxels of the box on the surface of the label, by their number in the box. */
function surfaceIn({ grid, values }: Volume3D<Uint8Array>, label: number, { first, size }: Box): Uint32Array {
  const [columns, rows, slices] = grid.size;
  const isIn = (i: number, j: number, k: number) =>
    i >= 0 &&
    j >= 0 &&
    k >= 0 &&
    i < columns &&
    j < rows &&
    k < slices &&
    values[i + columns * (j + rows * k)] === label;
  const surface: number[] = [];
  for (let k = 0, at = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      for (let i = 0; i < size[0]; i++, at++) {
        const [x, y, z] = [i + first[0], j + first[1], k + first[2]];
        if (!isIn(x, y, z)) continue;
        const isInside =
          isIn(x - 1, y, z) &&
          isIn(x + 1, y, z) &&
          isIn(x, y - 1, z) &&
          isIn(x, y + 1, z) &&
          isIn(x, y, z - 1) &&
          isIn(x, y, z + 1);
        if (!isInside) surface.push(at);
      }
    }
  }
  return Uint32Array.from(surface);
}

/**
 * Squared distance of each voxel of the box to the nearest of the given ones, mm², in 32 bits: the box can be the whole of
 * a large volume. One axis after the other, each row as the lower envelope of parabolas (Felzenszwalb and Huttenlocher
 * 2012, doi:10.4086/toc.2012.v008a019).
 */
function squaredDistances(to: Uint32Array, { size }: Box, spacing: readonly [number, number, number]): Float32Array {
  const [columns, rows, slices] = size;
  const squared = new Float32Array(columns * rows * slices).fill(NOWHERE);
  for (const at of to) squared[at] = 0;
  const transform = rowTransform(Math.max(columns, rows, slices));
  for (let k = 0; k < slices; k++)
    for (let j = 0; j < rows; j++) transform(squared, columns * (j + rows * k), 1, columns, spacing[0]);
  for (let k = 0; k < slices; k++)
    for (let i = 0; i < columns; i++) transform(squared, i + columns * rows * k, columns, rows, spacing[1]);
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) transform(squared, i + columns * j, columns * rows, slices, spacing[2]);
  return squared;
}

/** The transform of one row in place: `count` values from `start`, `stride` apart in memory and `spacing` mm in the patient. */
function rowTransform(longest: number) {
  const given = new Float64Array(longest);
  const vertices = new Int32Array(longest);
  const bounds = new Float64Array(longest + 1);
  return (values: Float32Array, start: number, stride: number, count: number, spacing: number): void => {
    const unit = spacing * spacing;
    for (let q = 0; q < count; q++) given[q] = values[start + q * stride] ?? NOWHERE;
    const meet = (q: number, v: number) =>
      ((given[q] ?? 0) - (given[v] ?? 0) + unit * (q * q - v * v)) / (2 * unit * (q - v));
    let last = 0;
    vertices[0] = 0;
    bounds[0] = Number.NEGATIVE_INFINITY;
    bounds[1] = Number.POSITIVE_INFINITY;
    for (let q = 1; q < count; q++) {
      let at = meet(q, vertices[last] ?? 0);
      while (at <= (bounds[last] ?? 0)) at = meet(q, vertices[--last] ?? 0);
      vertices[++last] = q;
      bounds[last] = at;
      bounds[last + 1] = Number.POSITIVE_INFINITY;
    }
    for (let q = 0, nearest = 0; q < count; q++) {
      while ((bounds[nearest + 1] ?? Number.POSITIVE_INFINITY) < q) nearest++;
      const v = vertices[nearest] ?? 0;
      values[start + q * stride] = unit * (q - v) * (q - v) + (given[v] ?? 0);
    }
  };
}
