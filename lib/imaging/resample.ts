import type { GreyImage } from './grey.ts';

/** What each output sample is made of: `count[i]` input samples from `first[i]` on, with weights (sum 1) from `start[i]` on. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly start: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Brings an image to another size: the mean of the area that an output pixel covers where it shrinks, bilinear where it
 * grows, each axis by itself. The outer edges of both images coincide (pixel centres lie at +0.5).
 *
 * @returns `rows × columns` values, row by row
 */
export function resample(image: GreyImage, rows: number, columns: number): Float32Array {
  const across = tapsOf(image.columns, columns);
  const down = tapsOf(image.rows, rows);
  const narrow = narrowed(image, columns, across);
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const to = row * columns;
    const start = down.start[row] ?? 0;
    const count = down.count[row] ?? 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = down.weights[start + tap] ?? 0;
      const from = ((down.first[row] ?? 0) + tap) * columns;
      for (let column = 0; column < columns; column++) {
        out[to + column] = (out[to + column] ?? 0) + weight * (narrow[from + column] ?? 0);
      }
    }
  }
  return out;
}

/** The rows of an image at another number of columns. */
function narrowed({ rows, columns: wide, values }: GreyImage, columns: number, taps: Taps): Float32Array {
  const { first, count, start, weights } = taps;
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = row * wide + (first[column] ?? 0);
      const at = start[column] ?? 0;
      const end = count[column] ?? 0;
      let sum = 0;
      for (let tap = 0; tap < end; tap++) sum += (weights[at + tap] ?? 0) * (values[from + tap] ?? 0);
      out[row * columns + column] = sum;
    }
  }
  return out;
}

function tapsOf(from: number, to: number): Taps {
  const taps = Array.from({ length: to }, (_, index) =>
    to < from ? areaTaps(index, from / to, from) : bilinearTaps(index, from / to, from),
  );
  const count = Int32Array.from(taps, ({ weights }) => weights.length);
  const start = new Int32Array(to);
  for (let index = 1; index < to; index++) start[index] = (start[index - 1] ?? 0) + (count[index - 1] ?? 0);
  return {
    first: Int32Array.from(taps, ({ first }) => first),
    count,
    start,
    weights: Float32Array.from(taps.flatMap(({ weights }) => weights)),
  };
}

function areaTaps(index: number, ratio: number, length: number): { first: number; weights: number[] } {
  const start = index * ratio;
  const end = Math.min(length, start + ratio);
  const first = Math.floor(start);
  const last = Math.min(length, Math.ceil(end - 1e-9));
  const weights: number[] = [];
  for (let sample = first; sample < last; sample++) {
    weights.push((Math.min(end, sample + 1) - Math.max(start, sample)) / (end - start));
  }
  return { first, weights };
}

function bilinearTaps(index: number, ratio: number, length: number): { first: number; weights: number[] } {
  const centre = Math.min(length - 1, Math.max(0, (index + 0.5) * ratio - 0.5));
  const first = Math.floor(centre);
  const fraction = centre - first;
  return fraction === 0 ? { first, weights: [1] } : { first, weights: [1 - fraction, fraction] };
}
