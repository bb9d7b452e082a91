import { type Dataset, MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import { type DecodedImage, decodeFrameOf, PixelDataError } from '../../lib/dicom/pixels.ts';
import { outOfScope, unprocessable } from '../../lib/platform/problem.ts';
import type { LeftOut, SelectedInstance } from '../../schemas/series-index.ts';
import { type InputFile, mapAtMost } from '../operator.ts';
import { type Frame, framesOf, NoSliceError } from './frame.ts';
import type { Layout } from './layout.ts';
import { GrowingVoxels, kindFor } from './voxels.ts';

/** Files read at once: one waits for the disk while the other is worked on. */
const AT_ONCE = 2;

/** The file of a selected instance. @throws {ProblemError} it is not there */
export type Open = (sha256: string) => InputFile;

export interface Found {
  readonly frames: readonly Frame[];
  readonly leftOut: readonly LeftOut[];
  readonly StudyInstanceUID: string | undefined;
}

/**
 * The images of the instances, by their heads alone; those that can be part of no volume are left out with the reason.
 *
 * @param where attributes and values that an image must have
 */
export async function findFrames(
  open: Open,
  instances: readonly SelectedInstance[],
  where: Readonly<Record<string, string>>,
): Promise<Found> {
  const leftOut: LeftOut[] = [];
  let StudyInstanceUID: string | undefined;
  const found = await mapAtMost(AT_ONCE, instances, async (instance) => {
    const { sha256, SOPInstanceUID } = instance;
    try {
      const { dataset, meta } = readPart10(await open(sha256).read(), { untilPixelData: true });
      StudyInstanceUID ??= dataset.text('StudyInstanceUID');
      const SOPClassUID = dataset.text('SOPClassUID') ?? meta.MediaStorageSOPClassUID;
      const frames = framesOf(dataset, SOPClassUID, instance, Object.keys(where));
      const wanted = frames.filter((frame) => isWanted(frame, where));
      if (wanted.length === 0) {
        leftOut.push({ sha256, SOPInstanceUID, reason: `Only images with ${told(where)} are read; it has others.` });
      }
      return wanted;
    } catch (error) {
      if (!isOfTheFile(error)) throw error;
      leftOut.push({ sha256, SOPInstanceUID, reason: error.message });
      return [];
    }
  });
  return { frames: found.flat(), leftOut: inOrder(leftOut, instances), StudyInstanceUID };
}

/** The voxels of a volume, and the images that were there twice. */
export interface Filled {
  readonly voxels: GrowingVoxels;
  readonly lossy: boolean;
  readonly doubles: { readonly notes: readonly string[]; readonly leftOut: readonly LeftOut[] };
}

/**
 * Decodes the images one by one into the volume; two files at most are in memory beside it.
 *
 * @throws {ProblemError} 422: an image cannot be decoded; two at one place differ (out of scope)
 */
export async function fillSlices(signal: AbortSignal, open: Open, { grid, places }: Layout): Promise<Filled> {
  const frames = places.flatMap((place, k) => place.map((frame) => ({ frame, k })));
  const byFile = Map.groupBy(frames, ({ frame }) => frame.source.sha256);
  const voxels = new GrowingVoxels(grid, kindFor(frames.map(({ frame }) => frame)));
  const filled = new Set<number>();
  const leftOut: LeftOut[] = [];
  let lossy = false;
  await mapAtMost(AT_ONCE, [...byFile], async ([sha256, own]) => {
    const { dataset, meta } = readPart10(await open(sha256).read());
    for (const { frame, k } of own) {
      signal.throwIfAborted();
      const image = await decode(dataset, meta.TransferSyntaxUID, frame, k);
      lossy ||= image.lossy;
      if (!filled.has(k)) voxels.put(k, image, frame);
      else if (voxels.holds(k, image, frame)) leftOut.push(doubleOf(frame));
      else throw outOfScope(differing(places));
      filled.add(k);
    }
  });
  const notes =
    leftOut.length === 0
      ? []
      : [
          `${leftOut.length === 1 ? 'One slice is' : `${leftOut.length} slices are`} in the series twice, with the same pixels.`,
        ];
  return { voxels, lossy, doubles: { notes, leftOut } };
}

async function decode(dataset: Dataset, syntax: string, frame: Frame, k: number): Promise<DecodedImage> {
  try {
    return await decodeFrameOf(dataset, syntax, frame.source.frame - 1);
  } catch (error) {
    if (isOfTheFile(error))
      throw unprocessable(`Slice ${k + 1} of the series cannot be decoded. ${error.message}`, error);
    throw error;
  }
}

function doubleOf({ source: { sha256, SOPInstanceUID } }: Frame): LeftOut {
  return { sha256, SOPInstanceUID, reason: 'Another image with the same pixels is at the same place.' };
}

function differing(places: Layout['places']): string {
  const doubled = places.filter((place) => place.length > 1).length;
  return `At ${doubled} of ${places.length} places of the series lie several images that differ, and nothing says which is meant.`;
}

function isOfTheFile(error: unknown): error is Error {
  return error instanceof NoSliceError || error instanceof MalformedDicomError || error instanceof PixelDataError;
}

/** Numbers are the same however they are written. */
function isWanted({ attributes }: Frame, where: Readonly<Record<string, string>>): boolean {
  return Object.entries(where).every(([keyword, wanted]) => {
    const value = attributes[keyword];
    return value !== undefined && (value === wanted || Number(value) === Number(wanted));
  });
}

function told(where: Readonly<Record<string, string>>): string {
  return Object.entries(where)
    .map(([keyword, value]) => `${keyword} ${value}`)
    .join(' and ');
}

/** In the order of the instances, whichever was read first. */
function inOrder(leftOut: readonly LeftOut[], instances: readonly SelectedInstance[]): LeftOut[] {
  const place = new Map(instances.map(({ sha256 }, index) => [sha256, index]));
  return leftOut.toSorted((a, b) => (place.get(a.sha256) ?? 0) - (place.get(b.sha256) ?? 0));
}
