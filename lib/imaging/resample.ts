import type { GreyImage } from './grey.ts';

/** For each output sample the first input sample it sees, and the weights of that and the following ones (sum 1). */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float32Array[];
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
  const narrow = new Float32Array(image.rows * columns);
  for (let row = 0; row < image.rows; row++) {
    const from = row * image.columns;
    for (let column = 0; column < columns; column++) {
      const weights = across.weights[column] ?? new Float32Array();
      const first = from + (across.first[column] ?? 0);
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++) sum += (weights[tap] ?? 0) * (image.values[first + tap] ?? 0);
      narrow[row * columns + column] = sum;
    }
  }
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const weights = down.weights[row] ?? new Float32Array();
    for (let tap = 0; tap < weights.length; tap++) {
      const weight = weights[tap] ?? 0;
      const from = ((down.first[row] ?? 0) + tap) * columns;
      const to = row * columns;
      for (let column = 0; column < columns; column++) {
        out[to + column] = (out[to + column] ?? 0) + weight * (narrow[from + column] ?? 0);
      }
    }
  }
  return out;
}

function tapsOf(from: number, to: number): Taps {
  const first = new Int32Array(to);
  const weights = Array.from({ length: to }, (_, index) => {
    const taps = to < from ? areaTaps(index, from / to, from) : bilinearTaps(index, from / to, from);
    first[index] = taps.first;
    return Float32Array.from(taps.weights);
  });
  return { first, weights };
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
