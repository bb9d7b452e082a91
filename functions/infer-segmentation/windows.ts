import type { Grid } from '../../schemas/volume.ts';

export type Size = Grid['size'];

/** How a window slides over a tensor. */
export interface Sliding {
  /** Voxels along i, j, k. */
  readonly size: Size;
  /** Share of the window that it has in common with its neighbour, 0 ≤ overlap < 1. */
  readonly overlap: number;
  readonly weights: 'gaussian' | 'constant';
}

/** Standard deviation of the Gaussian weights as a share of the window, and the least weight: both as in MONAI. */
const SIGMA = 0.125;
const LEAST_WEIGHT = 1e-3;

/**
 * Where windows begin along one axis of `length` voxels: evenly spaced, the last one moved back to end with the axis. An
 * axis shorter than the window is padded to it on both sides, the odd voxel behind, so that its one window begins at or
 * before 0. The same as MONAI 1.x `sliding_window_inference`.
 */
export function startsAlong(length: number, window: number, overlap: number): number[] {
  if (length <= window) return [Math.ceil((length - window) / 2)];
  const step = Math.max(1, Math.floor(window * (1 - overlap)));
  const count = Math.ceil((length - window) / step) + 1;
  return Array.from({ length: count }, (_, index) => Math.min(index * step, length - window));
}

/** First voxels (i, j, k) of every window, in the order in which they are worked on: k grows slowest. */
export function windowsOver(tensor: Size, { size, overlap }: Sliding): Size[] {
  const along = (axis: 0 | 1 | 2) => startsAlong(tensor[axis], size[axis], overlap);
  return along(2).flatMap((k) => along(1).flatMap((j) => along(0).map((i): Size => [i, j, k])));
}

/** What each voxel of a window counts, i fastest, greatest in the middle; where all count alike, one row for all. */
export function weightsOf({ size, weights }: Sliding): Float32Array {
  if (weights === 'constant') return new Float32Array(size[0]).fill(1);
  const [alongI, alongJ, alongK] = [bell(size[0]), bell(size[1]), bell(size[2])];
  const map = new Float32Array(size[0] * size[1] * size[2]);
  let at = 0;
  for (const k of alongK) {
    for (const j of alongJ) {
      for (const i of alongI) map[at++] = Math.max(LEAST_WEIGHT, i * j * k);
    }
  }
  return map;
}

function bell(length: number): number[] {
  const sigma = SIGMA * length;
  return Array.from({ length }, (_, index) => Math.exp(-((index - (length - 1) / 2) ** 2) / (2 * sigma ** 2)));
}
