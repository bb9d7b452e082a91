import type { Normalisation } from '../../schemas/model.ts';
import type { Voxels } from './volume.ts';

/** Bins of the histogram that percentiles are read from: the range of the values in 65536 steps. */
const BINS = 65_536;

/** Values as a model wants them, and the numbers that were found on the way: enough to do it again. */
export interface Normalised {
  readonly values: Float32Array;
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * Normalises as a model's card says. Values that are no number count as 0; a constant image becomes 0.
 *
 * - `z-score`: (value − mean) / standard deviation, both over the voxels named; with `nonzero` the others become 0
 * - `percentile`: the percentiles of the voxels named become 0 and 1; with `nonzero` the others become 0
 * - `window`: `low` and `high` become 0 and 1, cut beyond
 * - `none`: as they are
 *
 * @param into where the values go: `values` itself where they are needed no more, so that a large volume is not held twice
 */
export function normalise(
  values: Voxels,
  how: Normalisation,
  into: Float32Array = new Float32Array(values.length),
): Normalised {
  switch (how.kind) {
    case 'none':
      if (into !== values) into.set(values);
      return { values: into, numbers: {} };
    case 'window':
      return { values: rescaled(values, into, how.low, how.high - how.low, { clip: true }), numbers: {} };
    case 'z-score': {
      const zeroStays = how.over === 'nonzero';
      const { mean, deviation } = momentsOf(values, zeroStays);
      return { values: rescaled(values, into, mean, deviation, { zeroStays }), numbers: { mean, deviation } };
    }
    case 'percentile': {
      const zeroStays = how.over === 'nonzero';
      const [low = 0, high = 0] = percentilesOf(values, [how.low, how.high], zeroStays);
      return { values: rescaled(values, into, low, high - low, { zeroStays, clip: how.clip }), numbers: { low, high } };
    }
  }
}

/**
 * Percentiles by a histogram of 65536 steps over the range of the values: the smallest step that at least p % of them do
 * not exceed. Exact for integers of 16 bits and less.
 *
 * @param withoutZero voxels of exactly 0 do not count
 * @returns one for each of `percents`; 0 where nothing counts
 */
export function percentilesOf(values: Voxels, percents: readonly number[], withoutZero = false): number[] {
  let [low, high, whole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (!Number.isFinite(value) || (withoutZero && value === 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    if (whole && !Number.isInteger(value)) whole = false;
  }
  if (low > high) return percents.map(() => 0);
  const step = whole && high - low < BINS ? 1 : (high - low) / (BINS - 1) || 1;
  const histogram = new Uint32Array(BINS);
  let counted = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (!Number.isFinite(value) || (withoutZero && value === 0)) continue;
    const bin = Math.round((value - low) / step);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
    counted++;
  }
  return percents.map((percent) => low + step * binOf(histogram, Math.max(1, Math.ceil((counted * percent) / 100))));
}

function binOf(histogram: Uint32Array, wanted: number): number {
  let below = 0;
  for (let bin = 0; bin < histogram.length; bin++) {
    below += histogram[bin] ?? 0;
    if (below >= wanted) return bin;
  }
  return histogram.length - 1;
}

function momentsOf(values: Voxels, withoutZero: boolean): { mean: number; deviation: number } {
  let [sum, count] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    const value = finite(values[at]);
    if (withoutZero && value === 0) continue;
    sum += value;
    count++;
  }
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  for (let at = 0; at < values.length; at++) {
    const value = finite(values[at]);
    if (!withoutZero || value !== 0) squares += (value - mean) ** 2;
  }
  return { mean, deviation: count === 0 ? 0 : Math.sqrt(squares / count) };
}

function rescaled(
  values: Voxels,
  out: Float32Array,
  low: number,
  range: number,
  { clip = false, zeroStays = false }: { readonly clip?: boolean; readonly zeroStays?: boolean },
): Float32Array {
  if (!(range > 0)) return out.fill(0);
  for (let at = 0; at < out.length; at++) {
    const value = finite(values[at]);
    const scaled = zeroStays && value === 0 ? 0 : (value - low) / range;
    out[at] = clip ? Math.min(1, Math.max(0, scaled)) : scaled;
  }
  return out;
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}
