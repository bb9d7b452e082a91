import type { Axis, Grid, Volume3D, Voxels } from './volume.ts';

/** How an axis of the target runs along one of the source: source index = start + step × target index. */
export interface AxisMap {
  readonly axis: Axis;
  readonly step: number;
  readonly start: number;
  /** Source voxels along it. */
  readonly count: number;
}

/** For each index of the target, the source indices from `first` and their weights, `width` of them. */
interface Weights {
  readonly first: Int32Array;
  readonly width: number;
  readonly weights: Float32Array;
  /** 0 where the target's centre lies outside the source. */
  readonly inside: Uint8Array;
}

/**
 * Resamples along each axis in turn. Slices of the target are made one after the other from planes of the source that are
 * resampled once each and let go when no later slice needs them.
 *
 * @returns `size` voxels, i fastest
 */
export function separably(
  { grid, values }: Volume3D,
  size: Grid['size'],
  [alongI, alongJ, alongK]: readonly [AxisMap, AxisMap, AxisMap],
  outside: number,
): Float32Array {
  const [columns, rows, slices] = size;
  const [wi, wj, wk] = [weightsOf(alongI, columns), weightsOf(alongJ, rows), weightsOf(alongK, slices)];
  const strides = [1, grid.size[0], grid.size[0] * grid.size[1]] as const;
  const [si, sj, sk] = [strides[alongI.axis], strides[alongJ.axis], strides[alongK.axis]];
  const planes = new Map<number, Float32Array>();
  const free: Float32Array[] = [];
  const between = new Float32Array(columns * alongJ.count);
  const planeAt = (source: number): Float32Array => {
    const known = planes.get(source);
    if (known !== undefined) return known;
    const plane = free.pop() ?? new Float32Array(columns * rows);
    rowsAlong(values, source * sk, { si, sj, count: alongJ.count }, wi, columns, between);
    columnsAlong(between, columns, wj, rows, plane);
    planes.set(source, plane);
    return plane;
  };
  const out = new Float32Array(columns * rows * slices);
  for (let k = 0; k < slices; k++) {
    const slice = out.subarray(k * columns * rows, (k + 1) * columns * rows);
    const first = wk.first[k] ?? 0;
    for (const [source, plane] of planes) {
      if (source >= first && source < first + wk.width) continue;
      planes.delete(source);
      free.push(plane);
    }
    for (let tap = 0; tap < wk.width; tap++) {
      const weight = wk.weights[k * wk.width + tap] ?? 0;
      if (weight !== 0) accumulate(slice, planeAt(first + tap), weight);
    }
    fillOutside(slice, columns, rows, wi.inside, wj.inside, wk.inside[k] === 1, outside);
  }
  return out;
}

function rowsAlong(
  values: Voxels,
  start: number,
  { si, sj, count }: { readonly si: number; readonly sj: number; readonly count: number },
  { first, width, weights }: Weights,
  columns: number,
  out: Float32Array,
): void {
  for (let j = 0; j < count; j++) {
    const row = start + j * sj;
    const to = j * columns;
    for (let i = 0; i < columns; i++) {
      let sum = 0;
      let from = row + (first[i] ?? 0) * si;
      for (let at = i * width, end = at + width; at < end; at++, from += si) {
        sum += (values[from] ?? 0) * (weights[at] ?? 0);
      }
      out[to + i] = sum;
    }
  }
}

function columnsAlong(
  between: Float32Array,
  columns: number,
  { first, width, weights }: Weights,
  rows: number,
  out: Float32Array,
): void {
  out.fill(0);
  for (let j = 0; j < rows; j++) {
    const to = j * columns;
    for (let tap = 0; tap < width; tap++) {
      const weight = weights[j * width + tap] ?? 0;
      if (weight === 0) continue;
      const from = ((first[j] ?? 0) + tap) * columns;
      for (let i = 0; i < columns; i++) out[to + i] = (out[to + i] ?? 0) + weight * (between[from + i] ?? 0);
    }
  }
}

function accumulate(slice: Float32Array, plane: Float32Array, weight: number): void {
  for (let at = 0; at < slice.length; at++) slice[at] = (slice[at] ?? 0) + weight * (plane[at] ?? 0);
}

function fillOutside(
  slice: Float32Array,
  columns: number,
  rows: number,
  insideI: Uint8Array,
  insideJ: Uint8Array,
  isInside: boolean,
  outside: number,
): void {
  if (!isInside) {
    slice.fill(outside);
    return;
  }
  for (let j = 0; j < rows; j++) {
    if (insideJ[j] === 0) slice.fill(outside, j * columns, (j + 1) * columns);
  }
  for (let i = 0; i < columns; i++) {
    if (insideI[i] === 1) continue;
    for (let j = 0; j < rows; j++) slice[j * columns + i] = outside;
  }
}

function weightsOf({ step, start, count }: AxisMap, size: number): Weights {
  const radius = Math.max(1, Math.abs(step));
  const width = Math.min(count, 2 * Math.ceil(radius) + 1);
  const first = new Int32Array(size);
  const weights = new Float32Array(size * width);
  const inside = new Uint8Array(size);
  for (let index = 0; index < size; index++) {
    const exact = start + step * index;
    inside[index] = exact >= -0.5 - 1e-4 && exact <= count - 0.5 + 1e-4 ? 1 : 0;
    const centre = snapped(Math.min(count - 1, Math.max(0, exact)));
    const from = Math.min(count - width, Math.max(0, Math.floor(centre - radius)));
    first[index] = from;
    const isWhole = centre - radius >= -1 && centre + radius <= count;
    weights.set(triangle(centre - from, radius, width, isWhole), index * width);
  }
  return { first, width, weights, inside };
}

/**
 * Weights that fall evenly from `centre` to nothing at `radius` and sum to 1. Where no border cuts them they are tilted by
 * the little that makes their middle the centre, so that what changes evenly stays exact whatever the radius.
 */
function triangle(centre: number, radius: number, width: number, isWhole: boolean): number[] {
  const raw = Array.from({ length: width }, (_, tap) => Math.max(0, 1 - Math.abs(tap - centre) / radius));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const taps = raw.map((weight) => weight / sum);
  const middle = taps.reduce((total, weight, tap) => total + weight * tap, 0);
  const spread = taps.reduce((total, weight, tap) => total + weight * (tap - middle) ** 2, 0);
  if (!isWhole || spread === 0) return taps;
  const tilt = (centre - middle) / spread;
  return taps.map((weight, tap) => weight * (1 + tilt * (tap - middle)));
}

/** Onto the centre of a voxel where rounding alone keeps it off. */
function snapped(index: number): number {
  const nearest = Math.round(index);
  return Math.abs(index - nearest) < 1e-5 ? nearest : index;
}
