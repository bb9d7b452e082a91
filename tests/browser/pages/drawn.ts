import { nativeFrame } from '../../../lib/dicom/frames.ts';
import { describePixels } from '../../../lib/dicom/pixel-description.ts';
import { eachSetBit } from '../../../lib/dicom/seg/bits.ts';
import { readSegmentation } from '../../../lib/dicom/seg/read.ts';
import type { Drawn } from './editor.ts';

/** What a DICOM Segmentation says, image by image. @param segment number of one from 1; left out: of all */
export function drawnIn(bytes: Buffer, segment?: number): Drawn {
  const { dataset } = readSegmentation(bytes);
  const description = describePixels(dataset);
  const drawn: Drawn = {};
  for (const [index, frame] of dataset.items('PerFrameFunctionalGroupsSequence').entries()) {
    const [image] = frame.items('DerivationImageSequence')[0]?.items('SourceImageSequence') ?? [];
    const [identified] = frame.items('SegmentIdentificationSequence');
    if (segment !== undefined && identified?.number('ReferencedSegmentNumber') !== segment) continue;
    const set: number[] = [];
    const pixels = nativeFrame(dataset, description, index);
    eachSetBit(pixels.bytes, pixels.firstBit, description.rows * description.columns, (at) => set.push(at));
    if (set.length > 0) drawn[image?.text('ReferencedSOPInstanceUID') ?? ''] = set;
  }
  return drawn;
}

/** Voxels that are set. */
export const countOf = (drawn: Drawn) => Object.values(drawn).reduce((sum, set) => sum + set.length, 0);

/** How far two agree: 1 the same, 0 nothing in common. */
export function diceOf(one: Drawn, other: Drawn): number {
  const common = Object.entries(one).reduce((sum, [image, set]) => {
    const theirs = new Set(other[image] ?? []);
    return sum + set.filter((at) => theirs.has(at)).length;
  }, 0);
  return (2 * common) / (countOf(one) + countOf(other));
}
