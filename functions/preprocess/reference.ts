import { cut, cutInPlace, foregroundBlock } from '../../lib/imaging/crop.ts';
import { percentilesOf } from '../../lib/imaging/normalise.ts';
import { reorient } from '../../lib/imaging/reorient.ts';
import { resample, respaced } from '../../lib/imaging/resample3d.ts';
import { sameGrid, type Volume3D } from '../../lib/imaging/volume.ts';
import type { VolumeInput } from '../../schemas/model.ts';
import type { PreparedStep, Volume } from '../../schemas/volume.ts';

/** What lies outside a CT, HU, and outside what has no units. */
const AIR = -1024;
/** Above it is body, HU. Where values have no units: this part of what nearly all stay below. */
const BODY_HU = -400;
const BODY_PART = 0.1;

/** A volume on its way to the model, and what was done to it. */
export interface Prepared {
  readonly voxels: Volume3D;
  readonly steps: readonly PreparedStep[];
}

/**
 * Turns, resamples and cuts a volume as the card of a model wants it: this decides the grid of the tensor.
 *
 * @param isOwn the volume is needed no more: its memory may be used for the result
 */
export function ontoModelGrid(volume: Volume3D, units: Volume['units'], input: VolumeInput, isOwn = false): Prepared {
  const steps: PreparedStep[] = [{ does: 'reorient', with: { to: input.orientation } }];
  let voxels = reorient(volume, input.orientation);
  if (input.spacing !== null) {
    const target = respaced(voxels.grid, input.spacing);
    if (!sameGrid(target, voxels.grid)) voxels = resample(voxels, target, { outside: outsideOf(units) });
    steps.push({ does: 'resample', with: { spacing: input.spacing, interpolation: 'linear' } });
  }
  if (input.cropMarginMm !== null) {
    const block = foregroundBlock(voxels, backgroundOf(units, voxels), input.cropMarginMm);
    voxels = isOwn || voxels !== volume ? cutInPlace(voxels, block) : cut(voxels, block);
    steps.push({ does: 'crop', with: { from: block.from, to: block.to } });
  }
  return { voxels, steps };
}

/** The value of what lies outside a volume. */
export function outsideOf(units: Volume['units']): number {
  return units === 'HU' ? AIR : 0;
}

function backgroundOf(units: Volume['units'], { values }: Volume3D): number {
  if (units === 'HU') return BODY_HU;
  const [most = 0] = percentilesOf(values, [99]);
  return most * BODY_PART;
}
