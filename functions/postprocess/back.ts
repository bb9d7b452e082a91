import { type Block, gridOfBlock, tightBlock } from '../../lib/imaging/crop.ts';
import { resample } from '../../lib/imaging/resample3d.ts';
import {
  cornersOf,
  countOf,
  type Grid,
  sameGrid,
  toIndex,
  type Vector,
  type Volume3D,
} from '../../lib/imaging/volume.ts';

/** Slices of the target made at once: memory stays small whatever the volume. */
const SLAB = 16;

/**
 * A label map on another grid. Each label is interpolated by itself as 0 and 1, linearly, and the greatest share wins; so
 * outlines on a finer grid are smooth and as large as they were, where the nearest voxel would give steps.
 *
 * @param labels values that count; every other is background
 */
export function labelsOnto(map: Volume3D<Uint8Array>, target: Grid, labels: readonly number[]): Volume3D<Uint8Array> {
  if (sameGrid(map.grid, target)) return map;
  const values = new Uint8Array(countOf(target));
  const found = tightBlock(map.grid, map.values, 0);
  if (found === undefined) return { grid: target, values };
  const around = blockIn(target, gridOfBlock(map.grid, found));
  const masks = labels
    .filter((label) => map.values.includes(label))
    .map((label) => ({
      label,
      mask: { grid: map.grid, values: map.values.map((value) => (value === label ? 1 : 0)) },
    }));
  for (let k = around.from[2]; k < around.to[2]; k += SLAB) {
    const block: Block = {
      from: [around.from[0], around.from[1], k],
      to: [around.to[0], around.to[1], Math.min(around.to[2], k + SLAB)],
    };
    const grid = gridOfBlock(target, block);
    const shares = masks.map(({ label, mask }) => ({ label, share: resample(mask, grid).values }));
    pasteWinners(values, target, grid.size, block.from, shares);
  }
  return { grid: target, values };
}

/** Writes the label of the greatest share, background's being what is left of 1. */
function pasteWinners(
  values: Uint8Array,
  { size: [columns, rows] }: Grid,
  [width, height, depth]: Grid['size'],
  [i0, j0, k0]: Vector,
  shares: readonly { label: number; share: Float32Array }[],
): void {
  for (let k = 0, at = 0; k < depth; k++) {
    for (let j = 0; j < height; j++) {
      let to = i0 + columns * (j0 + j + rows * (k0 + k));
      for (let i = 0; i < width; i++, at++, to++) {
        let [winner, most, background] = [0, 0, 1];
        for (const { label, share } of shares) {
          const part = share[at] ?? 0;
          background -= part;
          if (part > most) [winner, most] = [label, part];
        }
        if (most >= background) values[to] = winner;
      }
    }
  }
}

/** The block of `target` that holds the box of another grid, a voxel of that grid more on each side. */
function blockIn(target: Grid, box: Grid): Block {
  const wider = gridOfBlock(box, {
    from: [-1, -1, -1],
    to: [box.size[0] + 1, box.size[1] + 1, box.size[2] + 1],
  });
  const corners = cornersOf(wider).map((corner) => toIndex(target, ...corner));
  const low = (axis: 0 | 1 | 2) => Math.max(0, Math.floor(Math.min(...corners.map((corner) => corner[axis]))));
  const high = (axis: 0 | 1 | 2) =>
    Math.min(target.size[axis], Math.ceil(Math.max(...corners.map((corner) => corner[axis]))) + 1);
  return { from: [low(0), low(1), low(2)], to: [high(0), high(1), high(2)] };
}
