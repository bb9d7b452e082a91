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
  const short = shortened(image, rows, down);
  const { first, count, start, weights } = across;
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const source = short.subarray(row * image.columns, (row + 1) * image.columns);
    const target = out.subarray(row * columns, (row + 1) * columns);
    for (let column = 0; column < target.length; column++) {
      const from = first[column] ?? 0;
      const at = start[column] ?? 0;
      const taps = count[column] ?? 0;
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += (weights[at + tap] ?? 0) * (source[from + tap] ?? 0);
      target[column] = sum;
    }
  }
  return out;
}

/** An image at another number of rows. Comes first: whole rows are added up at memory's speed, and little is left. */
function shortened({ columns, values }: GreyImage, rows: number, { first, count, start, weights }: Taps): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    // Views of single rows: the engine then leaves out most checks of bounds, which halves the time.
    const sum = out.subarray(row * columns, (row + 1) * columns);
    const at = start[row] ?? 0;
    const taps = count[row] ?? 0;
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[at + tap] ?? 0;
      const from = ((first[row] ?? 0) + tap) * columns;
      const source = values.subarray(from, from + columns);
      for (let column = 0; column < sum.length; column++) {
        sum[column] = (sum[column] ?? 0) + weight * (source[column] ?? 0);
      }
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
