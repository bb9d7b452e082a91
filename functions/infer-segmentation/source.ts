import type { Size } from './windows.ts';

/** A tensor [channel, k, j, i], of which only some slices need be in memory. */
export interface TensorSource {
  readonly channels: number;
  readonly size: Size;
  /** Gets slices `from` ≤ k < `to`; those before `from` are not asked for again. */
  load(from: number, to: number): Promise<void>;
  /** A loaded slice, i fastest. */
  slice(channel: number, k: number): Float32Array;
}

/** A tensor that is in memory whole. */
export function inMemory(values: Float32Array, channels: number, size: Size): TensorSource {
  const slice = size[0] * size[1];
  return {
    channels,
    size,
    load: async () => {},
    slice: (channel, k) => values.subarray((channel * size[2] + k) * slice, (channel * size[2] + k + 1) * slice),
  };
}
