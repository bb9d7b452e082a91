import { setImmediate as turn } from 'node:timers/promises';
import type { TensorSource } from './source.ts';
import { type Size, type Sliding, weightsOf, windowsOver } from './windows.ts';

/** Order of the model's last three axes, the slowest first. */
export type Layout = 'kji' | 'ijk';

/** What a model makes of one window: both in its layout, `values` [input channels, …], the answer [channels, …]. */
export type Predict = (
  values: Float32Array<ArrayBuffer>,
  window: { readonly foreground: number },
) => Promise<Float32Array>;

/** A slice that no window will touch any more. The arrays are used again after the next one has been asked for. */
export interface ScoredSlice {
  readonly k: number;
  /** Weighted sums of the model's answers [channel, j, i]. */
  readonly sums: Float32Array;
  /** Sums of the weights [j, i]: `sums / weights` is the model's mean answer. */
  readonly weights: Float32Array;
}

/** What to slide over what. */
export interface Slide {
  readonly source: TensorSource;
  readonly sliding: Sliding;
  readonly layout: Layout;
  /** Channels of the model's answer. */
  readonly channels: number;
  readonly predict: Predict;
  /** Windows that the model works on at once; as many more are kept ready. */
  readonly atOnce: number;
}

/**
 * Slides a window over a tensor and gives the slices one by one, in the order of k. In memory are the scores of those
 * slices only that windows at one k touch, so that the number of slices does not matter. While one window is added up the
 * next ones are at the model already; they are added up in their order, so that the sums do not depend on which is done first.
 *
 * Same results as MONAI's `SlidingWindowInferer` with `sigma_scale=0.125`, zero padding.
 */
export async function* slide({
  source,
  sliding,
  layout,
  channels,
  predict,
  atOnce,
}: Slide): AsyncGenerator<ScoredSlice> {
  const windows = windowsOver(source.size, sliding);
  const sums = new Sums(source.size, sliding, layout, channels);
  const read = async (origin: Size) => {
    const [, , k] = origin;
    await source.load(Math.max(0, k), Math.min(source.size[2], k + sliding.size[2]));
    return cut(source, origin, sliding.size, layout);
  };
  let last: Promise<unknown> = Promise.resolve();
  const begin = async (origin: Size) => {
    // One after the other: what the next one loads may take the place of what this one reads.
    const window = last.then(() => read(origin));
    last = window.catch(() => {});
    const { values, foreground } = await window;
    return predict(values, { foreground });
  };
  const begun: { origin: Size; scores: Promise<Float32Array> }[] = [];
  for (;;) {
    for (const origin of windows.splice(0, 2 * atOnce - begun.length)) {
      const scores = begin(origin);
      // Where an earlier window fails nobody waits for this one any more.
      scores.catch(() => {});
      begun.push({ origin, scores });
    }
    const current = begun.shift();
    if (current === undefined) return;
    const scores = await current.scores;
    await turn();
    sums.add(current.origin, scores);
    yield* sums.finished(begun[0]?.origin[2] ?? Number.POSITIVE_INFINITY);
  }
}

/** The voxels of a window in the model's layout, 0 outside the tensor; and which share of them is not 0 in the first channel. */
export function cut(
  source: TensorSource,
  [i0, j0, k0]: Size,
  size: Size,
  layout: Layout,
): { values: Float32Array<ArrayBuffer>; foreground: number } {
  const [columns, rows, slices] = source.size;
  const voxels = size[0] * size[1] * size[2];
  const values = new Float32Array(source.channels * voxels);
  const [stepI, stepJ, stepK] = stepsOf(size, layout);
  const [fromI, toI] = [Math.max(0, -i0), Math.min(size[0], columns - i0)];
  const [fromJ, toJ] = [Math.max(0, -j0), Math.min(size[1], rows - j0)];
  let foreground = 0;
  for (let channel = 0; channel < source.channels; channel++) {
    for (let k = Math.max(0, -k0); k < Math.min(size[2], slices - k0); k++) {
      const slice = source.slice(channel, k0 + k);
      for (let j = fromJ; j < toJ; j++) {
        const at = (j0 + j) * columns + i0;
        const row = slice.subarray(at + fromI, at + toI);
        const to = channel * voxels + k * stepK + j * stepJ + fromI * stepI;
        if (stepI === 1) values.set(row, to);
        else for (let i = 0; i < row.length; i++) values[to + i * stepI] = row[i] ?? 0;
        if (channel === 0) foreground += countNonZero(row);
      }
    }
  }
  return { values, foreground: foreground / voxels };
}

function countNonZero(row: Float32Array): number {
  let count = 0;
  for (let i = 0; i < row.length; i++) if (row[i] !== 0) count++;
  return count;
}

/** Distance in memory between neighbours along i, j, k. */
function stepsOf([i, j, k]: Size, layout: Layout): Size {
  return layout === 'kji' ? [1, i, i * j] : [j * k, k, 1];
}

/** The slices under the windows. */
class Sums {
  readonly #size: Size;
  readonly #window: Size;
  readonly #steps: Size;
  readonly #channels: number;
  readonly #weights: Float32Array;
  readonly #open = new Map<number, ScoredSlice>();
  readonly #free: ScoredSlice[] = [];

  constructor(size: Size, sliding: Sliding, layout: Layout, channels: number) {
    this.#size = size;
    this.#window = sliding.size;
    this.#steps = stepsOf(sliding.size, layout);
    this.#channels = channels;
    this.#weights = weightsOf(sliding);
  }

  /** Adds what the model says of the window that begins at (i0, j0, k0). */
  add([i0, j0, k0]: Size, scores: Float32Array): void {
    const [columns, rows, slices] = this.#size;
    const [width, height, depth] = this.#window;
    const [fromI, toI] = [Math.max(0, -i0), Math.min(width, columns - i0)];
    const [fromJ, toJ] = [Math.max(0, -j0), Math.min(height, rows - j0)];
    for (let k = Math.max(0, -k0); k < Math.min(depth, slices - k0); k++) {
      const { sums, weights } = this.#slice(k0 + k);
      for (let j = fromJ; j < toJ; j++) {
        const to = (j0 + j) * columns + i0;
        const weight = ((k * height + j) * width) % this.#weights.length;
        for (let i = fromI; i < toI; i++) weights[to + i] = (weights[to + i] ?? 0) + (this.#weights[weight + i] ?? 0);
        for (let channel = 0; channel < this.#channels; channel++) {
          const from = channel * width * height * depth + k * this.#steps[2] + j * this.#steps[1];
          this.#addRow(sums, channel * rows * columns + to, scores, from, weight, fromI, toI);
        }
      }
    }
  }

  /** The slices below `k`, which then count as done. */
  *finished(k: number): Generator<ScoredSlice> {
    for (const [at, slice] of this.#open) {
      if (at >= k) continue;
      yield slice;
      this.#open.delete(at);
      this.#free.push(slice);
    }
  }

  /** `to[i] += weight[i] · scores[i]` along a row. */
  #addRow(
    to: Float32Array,
    toStart: number,
    scores: Float32Array,
    scoresStart: number,
    weightStart: number,
    from: number,
    until: number,
  ): void {
    const step = this.#steps[0];
    const weights = this.#weights;
    for (let i = from; i < until; i++) {
      const score = scores[scoresStart + i * step] ?? 0;
      to[toStart + i] = (to[toStart + i] ?? 0) + (weights[weightStart + i] ?? 0) * score;
    }
  }

  #slice(k: number): ScoredSlice {
    const open = this.#open.get(k);
    if (open !== undefined) return open;
    const [columns, rows] = this.#size;
    const free = this.#free.pop();
    const slice = {
      k,
      sums: free?.sums.fill(0) ?? new Float32Array(this.#channels * rows * columns),
      weights: free?.weights.fill(0) ?? new Float32Array(rows * columns),
    };
    this.#open.set(k, slice);
    return slice;
  }
}
