import { fillHoles, largestComponent, withoutSmall } from '../../lib/imaging/components.ts';
import { cut, tightBlock } from '../../lib/imaging/crop.ts';
import type { Volume3D } from '../../lib/imaging/volume.ts';

/** What is done to a structure, in this order. */
export interface Tidying {
  /** Background that the structure encloses becomes part of it; other structures stay. */
  readonly fillHoles: boolean;
  readonly largestComponent: boolean;
  /** Parts smaller than this go, mL. */
  readonly smallestMl: number;
}

/** Tidies one structure of a label map. Writes into `labels`; what is taken away becomes background. */
export function tidy(labels: Volume3D<Uint8Array>, label: number, wanted: Tidying): void {
  const mask = labels.values.map((value) => (value === label ? 1 : 0));
  const tight = tightBlock(labels.grid, mask, 0);
  if (tight === undefined) return;
  const before = cut({ grid: labels.grid, values: mask }, tight);
  let after = wanted.fillHoles ? fillHoles(before) : before;
  if (wanted.largestComponent) after = largestComponent(after);
  if (wanted.smallestMl > 0) after = withoutSmall(after, wanted.smallestMl * 1000);
  const [columns, rows] = labels.grid.size;
  const [width, height, depth] = after.grid.size;
  for (let k = 0, at = 0; k < depth; k++) {
    for (let j = 0; j < height; j++) {
      let to = tight.from[0] + columns * (tight.from[1] + j + rows * (tight.from[2] + k));
      for (let i = 0; i < width; i++, at++, to++) {
        const now = labels.values[to];
        if (after.values[at] === 1 ? now === 0 : now === label) labels.values[to] = after.values[at] === 1 ? label : 0;
      }
    }
  }
}
