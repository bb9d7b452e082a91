import { Random } from '../random.ts';
import { apply, type PhantomGrid, type Vector } from '../volume.ts';
import type { AbdomenPhantom } from './phantom.ts';
import { tissueNumber, tissues, truthOfTissue } from './tissue.ts';

/** One axial slice, rows × columns, row by row. */
export interface Slice {
  /** HU, rounded. */
  hu: Int16Array;
  /** Number of the tissue at each voxel's centre. */
  tissue: Uint8Array;
}

/** Renders a phantom slice by slice, from the feet to the head, with no more in memory than one slice. */
export function* abdomenSlices(phantom: AbdomenPhantom): Generator<Slice> {
  const { grid, seed } = phantom;
  const [columns, rows, count] = grid.size;
  const random = new Random(`scan/${seed}`);
  const table = tableOf(random);
  for (let k = 0; k < count; k++) {
    const mean = new Float32Array(rows * columns);
    const tissue = new Uint8Array(rows * columns);
    sample(phantom, table, k, { mean, tissue });
    yield { hu: scanned(phantom, random, mean), tissue };
  }
}

/** Fills a slice with tissue and mean HU. A thick voxel is the mean of two places about its centre. */
function sample(
  { grid, tissueAt, warp, attenuation, texture, turn, shift }: AbdomenPhantom,
  table: (x: number, y: number) => boolean,
  k: number,
  into: { mean: Float32Array; tissue: Uint8Array },
): void {
  const [columns, rows] = grid.size;
  const { mean, texture: spreads } = attenuation;
  const [dx, dy, dz] = spacingOf(grid);
  const thick = dz > 2;
  const point = new Float64Array(3);
  for (let at = 0; at < rows * columns; at++) {
    const [x, y, z] = placeOf(grid, at % columns, Math.floor(at / columns), k);
    const turned = apply(turn, [x, y, z]);
    for (let axis = 0; axis < 3; axis++) point[axis] = (turned[axis] ?? 0) + (shift[axis] ?? 0);
    warp(point);
    const [px = 0, py = 0, pz = 0] = point;
    const one = thick ? tissueAt(px - dx / 4, py + dy / 4, pz - dz / 4) : tissueAt(px, py, pz);
    const other = thick ? tissueAt(px + dx / 4, py - dy / 4, pz + dz / 4) : one;
    let number = one === other ? one : tissueAt(px, py, pz);
    let hu = ((mean[one] ?? 0) + (mean[other] ?? 0)) / 2;
    if (number === tissueNumber.air && table(x, y)) {
      number = tissueNumber.table;
      hu = mean[number] ?? 0;
    }
    into.tissue[at] = number;
    const spread = spreads[number] ?? 0;
    into.mean[at] = spread === 0 ? hu : hu + spread * texture(px, py, pz);
  }
}

function placeOf({ affine }: PhantomGrid, i: number, j: number, k: number): Vector {
  const row = (n: number): number =>
    (affine[n] ?? 0) * i + (affine[n + 1] ?? 0) * j + (affine[n + 2] ?? 0) * k + (affine[n + 3] ?? 0);
  return [row(0), row(4), row(8)];
}

/** Lengths of a voxel's sides in mm. */
function spacingOf({ affine }: PhantomGrid): Vector {
  const side = (n: number): number => Math.hypot(affine[n] ?? 0, affine[n + 4] ?? 0, affine[n + 8] ?? 0);
  return [side(0), side(1), side(2)];
}

/** A curved board under the patient, in the scanner's mm. */
function tableOf(random: Random): (x: number, y: number) => boolean {
  const [top, thick, hollow] = [random.between(128, 165), random.between(4, 14), random.between(500, 1500)];
  return (x, y) => {
    const under = y - top + (x * x) / hollow;
    return under > 0 && under < thick && Math.abs(x) < 230;
  };
}

/** Blur and noise of the scanner: both have the same grain. */
function scanned({ grid, blur, noise }: AbdomenPhantom, random: Random, mean: Float32Array): Int16Array {
  const [columns, rows] = grid.size;
  const sigma = blur / 2.355 / spacingOf(grid)[0];
  const smooth = blurred(mean, columns, rows, sigma);
  const white = new Float32Array(mean.length);
  for (let at = 0; at < white.length; at++) white[at] = random.normal(0, 1);
  const grain = blurred(white, columns, rows, sigma);
  const gain = noise / (deviation(grain) || 1);
  const hu = new Int16Array(mean.length);
  for (let at = 0; at < hu.length; at++)
    hu[at] = Math.max(-1024, Math.min(3071, Math.round((smooth[at] ?? 0) + gain * (grain[at] ?? 0))));
  return hu;
}

function deviation(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / values.length);
}

/** Blurs rows, then columns, with a Gaussian of `sigma` pixels. */
function blurred(values: Float32Array, columns: number, rows: number, sigma: number): Float32Array {
  const reach = Math.ceil(sigma * 2.5);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (sigma < 0.15 || total === 0) return values;
  const pass = (from: Float32Array, along: number, length: number, across: number, lines: number): Float32Array => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++)
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let w = -reach; w <= reach; w++) {
          const j = Math.min(length - 1, Math.max(0, i + w));
          sum += (weights[w + reach] ?? 0) * (from[line * across + j * along] ?? 0);
        }
        to[line * across + i * along] = sum / total;
      }
    return to;
  };
  return pass(pass(values, 1, columns, columns, rows), columns, rows, 1, columns);
}

/** Label (0 to 3) of every voxel of a tissue map. */
export function truthOf(tissue: Uint8Array): Uint8Array {
  const labels = new Uint8Array(tissue.length);
  for (let at = 0; at < labels.length; at++) labels[at] = truthOfTissue[tissue[at] ?? 0] ?? 0;
  return labels;
}

/** mL of each structure. */
export type VolumesMl = Record<'left-lobe' | 'right-lobe' | 'vessels', number>;

/** Counts voxels slice by slice. */
export class TissueCount {
  private readonly voxels = new Float64Array(tissues.length);
  private readonly voxelMl: number;

  constructor({ grid }: AbdomenPhantom) {
    const [dx, dy, dz] = spacingOf(grid);
    this.voxelMl = (dx * dy * dz) / 1000;
  }

  add(tissue: Uint8Array): void {
    for (const number of tissue) this.voxels[number] = (this.voxels[number] ?? 0) + 1;
  }

  volumesMl(): VolumesMl {
    const sum = (label: number): number =>
      this.voxels.reduce((total, count, number) => total + (truthOfTissue[number] === label ? count : 0), 0);
    const ml = (label: number): number => sum(label) * this.voxelMl;
    return { 'left-lobe': ml(1), 'right-lobe': ml(2), vessels: ml(3) };
  }
}

/** A whole volume in memory: HU, tissue and truth label (0 to 3) of every voxel. */
export interface RenderedAbdomen {
  hu: Int16Array;
  tissue: Uint8Array;
  labels: Uint8Array;
  volumesMl: VolumesMl;
}

export function renderAbdomen(phantom: AbdomenPhantom): RenderedAbdomen {
  const [columns, rows, slices] = phantom.grid.size;
  const hu = new Int16Array(columns * rows * slices);
  const tissue = new Uint8Array(hu.length);
  const count = new TissueCount(phantom);
  let at = 0;
  for (const slice of abdomenSlices(phantom)) {
    hu.set(slice.hu, at);
    tissue.set(slice.tissue, at);
    count.add(slice.tissue);
    at += slice.hu.length;
  }
  return { hu, tissue, labels: truthOf(tissue), volumesMl: count.volumesMl() };
}
