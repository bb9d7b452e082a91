import { surfaceDistance95 } from '../../lib/imaging/surface-distance.ts';
import { type Volume3D, voxelMl } from '../../lib/imaging/volume.ts';
import type { Structure, StructureChange } from '../../schemas/volume.ts';

/** A structure in a label map. */
export interface Labelled {
  readonly labels: Volume3D<Uint8Array>;
  readonly label: number;
}

/** How far a structure is from what it was; both label maps lie on one grid. */
export function compare(
  { name, title }: Pick<Structure, 'name' | 'title'>,
  now: Labelled,
  before: Labelled,
): StructureChange {
  const [mask, original] = [maskOf(now), maskOf(before)];
  let [voxels, originals, common] = [0, 0, 0];
  for (let at = 0; at < mask.values.length; at++) {
    const [isIn, wasIn] = [mask.values[at] ?? 0, original.values[at] ?? 0];
    voxels += isIn;
    originals += wasIn;
    common += isIn & wasIn;
  }
  const distance =
    voxels === common && originals === common ? emptyOr(common, 0) : surfaceDistance95(mask, original, 1);
  const ml = voxelMl(mask.grid);
  return {
    name,
    title,
    dice: voxels + originals === 0 ? 1 : round((2 * common) / (voxels + originals), 6),
    surfaceDistance95Mm: distance === null ? null : round(distance, 3),
    originalMl: round(originals * ml, 3),
    volumeMl: round(voxels * ml, 3),
    changedVoxels: voxels + originals - 2 * common,
  };
}

/** There is no distance between two that are empty. */
const emptyOr = (voxels: number, distance: number) => (voxels === 0 ? null : distance);

/** 1 where the structure is: two maps may number it differently. */
function maskOf({ labels: { grid, values }, label }: Labelled): Volume3D<Uint8Array> {
  const mask = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) if (values[at] === label) mask[at] = 1;
  return { grid, values: mask };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
