import { centredBlock, cut, gridOfBlock } from '../../lib/imaging/crop.ts';
import { type Normalised, normalise } from '../../lib/imaging/normalise.ts';
import { farthestMove, registerRigid } from '../../lib/imaging/register.ts';
import { resample } from '../../lib/imaging/resample3d.ts';
import { countOf, type Grid, type Volume3D, type Voxels } from '../../lib/imaging/volume.ts';
import type { Normalisation, SegmentationModelCard } from '../../schemas/model.ts';
import { type PreparedStep, type PreparedVolume, type Volume, VolumeSet } from '../../schemas/volume.ts';
import { bytesOf, jsonBytes, readJson, readVoxels, type StepContext, type StepData, volumeNamed } from '../operator.ts';
import { type Expectation, requireExpected } from './expectations.ts';
import { ontoModelGrid, outsideOf, type Prepared } from './reference.ts';

/** When volumes are moved onto each other: where their coordinates do not agree, whatever they say, or not at all. */
export type Registering = 'needed' | 'always' | 'never';

export interface Wishes {
  readonly register: Registering;
  readonly expects: readonly Expectation[];
}

type Channel = PreparedVolume['channels'][number];

/**
 * Makes the tensor that a segmentation model wants, in this order: axes turned, spacing, cut to the body, values
 * normalised, size. The first channel's volume decides the grid; the others are brought onto it.
 */
export async function prepareVolumes(
  context: StepContext<Wishes>,
  { input }: SegmentationModelCard,
): Promise<StepData> {
  const set = await readJson(context.inputFile('images'), VolumeSet);
  const [first, ...others] = input.channels;
  if (first === undefined) return {};
  const reference = volumeNamed(set, first.input);
  const base = ontoModelGrid(await readVoxels(context.input('pixels'), reference), reference.units, input, true);
  const grid = input.size === null ? base.voxels.grid : sizedGrid(base.voxels.grid, input.size);
  let tensor: Float32Array = new Float32Array(others.length === 0 ? 0 : countOf(grid) * input.channels.length);
  const channels: Channel[] = [];
  for (const channel of [first, ...others]) {
    context.signal.throwIfAborted();
    const volume = volumeNamed(set, channel.input);
    const prepared = volume === reference ? base : await bringOnto(context, volume, reference, base.voxels);
    requireExpected(channel.input, prepared.voxels, context.parameters.expects);
    const { values, numbers } = normalised(prepared.voxels.values, channel.normalisation, others.length === 0);
    const steps = [...prepared.steps, { does: 'normalise', with: { ...channel.normalisation, ...numbers } }];
    const sized =
      input.size === null ? { values, steps: [] } : intoSize({ grid: base.voxels.grid, values }, input.size);
    // The values of a single channel are the tensor: a copy could be of a gigabyte.
    if (others.length === 0) tensor = sized.values;
    else tensor.set(sized.values, countOf(grid) * channels.length);
    const { SeriesInstanceUID } = volume;
    channels.push({ input: channel.input, SeriesInstanceUID, steps: [...steps, ...sized.steps] });
  }
  const prepared: PreparedVolume = {
    kind: 'volume',
    file: 'tensor.f32',
    grid,
    channels,
    reference: reference.input,
  };
  await Promise.all([
    context.output('tensors', prepared.file, bytesOf(tensor)),
    context.output('prepared', 'prepared.json', jsonBytes(prepared), 'application/json'),
  ]);
  return { size: grid.size, channels: channels.length };
}

/** @param isLast nothing else asks for the values: they are changed where they are, if they can be */
function normalised(values: Voxels, how: Normalisation, isLast: boolean): Normalised {
  return isLast && values instanceof Float32Array ? normalise(values, how, values) : normalise(values, how);
}

/** Brings the volume of another channel onto the grid of the reference, moved where it has other coordinates. */
async function bringOnto(
  context: StepContext<Wishes>,
  volume: Volume,
  reference: Volume,
  onto: Volume3D,
): Promise<Prepared> {
  const voxels = await readVoxels(context.input('pixels'), volume);
  const outside = outsideOf(volume.units);
  const resampled = { does: 'resample', with: { onto: reference.input, interpolation: 'linear' } };
  if (!isMoved(volume, reference, context.parameters.register)) {
    return { voxels: resample(voxels, onto.grid, { outside }), steps: [resampled] };
  }
  const centres = volume.FrameOfReferenceUID !== reference.FrameOfReferenceUID;
  const { transform, similarity, before } = registerRigid(onto, voxels, { centres });
  const farthestMm = farthestMove(onto.grid, transform);
  const registered = { does: 'register', with: { transform, similarity, before, farthestMm } };
  return { voxels: resample(voxels, onto.grid, { outside, transform }), steps: [registered, resampled] };
}

function isMoved(volume: Volume, reference: Volume, register: Registering): boolean {
  if (register !== 'needed') return register === 'always';
  const { FrameOfReferenceUID } = volume;
  return FrameOfReferenceUID === null || FrameOfReferenceUID !== reference.FrameOfReferenceUID;
}

function intoSize(voxels: Volume3D<Float32Array>, size: Grid['size']): { values: Float32Array; steps: PreparedStep[] } {
  const block = centredBlock(voxels.grid, size);
  return { values: cut(voxels, block).values, steps: [{ does: 'size', with: { from: block.from, to: block.to } }] };
}

function sizedGrid(grid: Grid, size: Grid['size']): Grid {
  return gridOfBlock(grid, centredBlock(grid, size));
}
