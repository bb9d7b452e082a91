import { outOfScope, unprocessable } from '../../lib/platform/problem.ts';
import { type LeftOut, type SelectedInstance, Selection } from '../../schemas/series-index.ts';
import type { Volume, VolumeSet } from '../../schemas/volume.ts';
import { jsonBytes, readJson, type StepContext, type StepData } from '../operator.ts';
import { type Frame, NoSliceError } from './frame.ts';
import { type Layout, layOut } from './layout.ts';
import { fillSlices, findFrames, type Open } from './slices.ts';
import { chooseStack, meansOf, stacksOf } from './stacks.ts';
import { straighten } from './tilt.ts';

/** What the images of a selection without inputs are for. */
const ONLY_INPUT = 'image';

interface VolumeParameters {
  readonly mostVoxels: number;
  readonly where: Readonly<Record<string, string>>;
}

/**
 * One volume of the selected images of each input.
 *
 * @throws {ProblemError} 422: the images of an input make no volume (out of scope), or one of them cannot be decoded
 */
export async function readVolumes(context: StepContext, parameters: VolumeParameters): Promise<StepData> {
  const { selected } = await readJson(context.inputFile('selection'), Selection);
  const files = new Map(context.input('instances').map((file) => [file.sha256, file]));
  const open: Open = (sha256) => {
    const file = files.get(sha256);
    if (file === undefined) throw unprocessable('A selected file is not among the instances.');
    return file;
  };
  const volumes: Volume[] = [];
  const leftOut: LeftOut[] = [];
  const groups = Map.groupBy(selected, ({ input }) => input ?? ONLY_INPUT);
  for (const [input, instances] of groups) {
    const read = await readVolume(context, parameters, open, input, instances);
    volumes.push(read.volume);
    leftOut.push(...read.leftOut);
  }
  const set: VolumeSet = { kind: 'volumes', volumes, leftOut };
  await context.output('images', 'images.json', jsonBytes(set), 'application/json');
  return {
    volumes: volumes.map(({ input, grid, notes }) => ({ input, size: grid.size, notes })),
    leftOut: leftOut.length,
    lossy: volumes.some(({ lossy }) => lossy),
  };
}

async function readVolume(
  context: StepContext,
  { mostVoxels, where }: VolumeParameters,
  open: Open,
  input: string,
  instances: readonly SelectedInstance[],
): Promise<{ volume: Volume; leftOut: LeftOut[] }> {
  const series = new Set(instances.map(({ SeriesInstanceUID }) => SeriesInstanceUID));
  const [SeriesInstanceUID = ''] = series;
  if (series.size > 1) {
    throw outOfScope(`For the input ${input} ${series.size} series were selected; a volume is made of one.`);
  }
  const found = await findFrames(open, instances, where);
  const { layout, ...arranged } = arrange(found.frames, found.leftOut);
  const { grid, places, tiltDeg } = layout;
  if (grid.size[0] * grid.size[1] * grid.size[2] > mostVoxels) {
    throw unprocessable(
      `The series has ${grid.size.join(' × ')} voxels; at most ${mostVoxels / 1e6} million are read.`,
    );
  }
  const { voxels, lossy, doubles } = await fillSlices(context.signal, open, layout);
  const straight = tiltDeg > 0 ? straighten({ grid, values: voxels.values }, voxels.kind, tiltDeg) : undefined;
  const file = `${input}.nii`;
  await context.output('pixels', file, straight?.bytes ?? voxels.bytes);
  const first = places[0]?.[0];
  const volume: Volume = {
    input,
    file,
    StudyInstanceUID: found.StudyInstanceUID ?? context.run.StudyInstanceUID,
    SeriesInstanceUID,
    FrameOfReferenceUID: first?.FrameOfReferenceUID ?? null,
    Modality: first?.Modality ?? '',
    grid: straight?.grid ?? grid,
    slices: straight === undefined ? places.map(([{ source }]) => source) : [],
    units: first?.Modality === 'CT' ? 'HU' : null,
    lossy,
    notes: [...arranged.notes, ...doubles.notes, ...(straight?.notes ?? []), ...displayNotes(places)],
  };
  return { volume, leftOut: [...found.leftOut, ...arranged.leftOut, ...doubles.leftOut] };
}

/**
 * MONOCHROME1 says that a display shows the least value white, after windowing, and nothing about values (PS3.3 C.7.6.3.1.2):
 * they are stored value × slope + intercept as in any other image, of a CT Hounsfield units (C.8.2.1.1.5). So they are
 * read as they are, and people are told, since a model of MR takes bright for signal.
 */
function displayNotes(places: Layout['places']): string[] {
  const isInverted = places.some(([frame]) => frame.isShownInverted);
  return isInverted ? ['Displays show its images inverted (MONOCHROME1); the values are read as they are stored.'] : [];
}

/** Where the images come to lie, and what was left beside. @throws {ProblemError} 422: they make no volume */
function arrange(
  frames: readonly Frame[],
  leftOut: readonly LeftOut[],
): { layout: Layout; notes: string[]; leftOut: LeftOut[] } {
  if (frames.length === 0) {
    const reasons = [...new Set(leftOut.map(({ reason }) => reason))].slice(0, 3).join(' ');
    throw outOfScope(`No image of the series can be part of a volume. ${reasons}`);
  }
  const stacks = stacksOf(frames);
  const choice = chooseStack(stacks);
  if (choice === undefined) {
    throw outOfScope(`The series holds several volumes, and nothing says which is meant: ${meansOf(stacks)}.`);
  }
  try {
    const layout = layOut(choice.stack.frames);
    const taken = new Set(choice.stack.frames.map(({ source }) => source.sha256));
    const beside = choice.others.flatMap((stack) =>
      stack.frames.map(({ source: { sha256, SOPInstanceUID } }) => ({
        sha256,
        SOPInstanceUID,
        reason: `It is not of the stack that was read (${stack.means}).`,
      })),
    );
    const once = [...new Map(beside.map((one) => [one.sha256, one])).values()].filter(
      ({ sha256 }) => !taken.has(sha256),
    );
    return { layout, notes: [...choice.notes, ...layout.notes], leftOut: once };
  } catch (error) {
    if (error instanceof NoSliceError) throw outOfScope(error.message);
    throw error;
  }
}
