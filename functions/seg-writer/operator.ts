import { z } from 'zod';
import { maskOf, readSegmentation } from '../../lib/dicom/seg/read.ts';
import { writeSegmentation } from '../../lib/dicom/seg/write.ts';
import type { Volume3D } from '../../lib/imaging/volume.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { Segmentation, type Volume, VolumeSet } from '../../schemas/volume.ts';
import {
  algorithmOf,
  defineOperator,
  madeBy,
  objectParameters,
  readJson,
  readLabels,
  refusing,
  sourceOf,
  trackingUidOf,
  volumeNamed,
} from '../operator.ts';

/** What is written may lie this far from the segmentation, mm. */
const MOST_DEVIATION_MM = 1e-3;

export const segWriter = defineOperator({
  name: 'seg-writer',
  version: '1.0.0',
  description: 'Writes a segmentation as a DICOM Segmentation, reads it back and compares it voxel by voxel.',
  parameters: z.object(objectParameters(9001)),
  inputs: {
    instances: 'DICOM files (Part 10) of the exam: patient, study and images are taken from them.',
    images: 'The list of volumes that dicom-reader made.',
    segmentation: 'A segmentation on the grid of one of them.',
    labels: 'The label map beside it.',
  },
  outputs: { seg: 'One DICOM Segmentation: binary, a segment for each structure, Explicit VR Little Endian.' },
  async run(context) {
    const [set, segmentation] = await Promise.all([
      readJson(context.inputFile('images'), VolumeSet),
      readJson(context.inputFile('segmentation'), Segmentation),
    ]);
    const volume = volumeNamed(set, segmentation.reference);
    const source = await sourceOf(context.input('instances'), volume);
    const labels = await readLabels(context.input('labels'), segmentation);
    const bytes = refusing(() =>
      writeSegmentation({
        exam: source.exam,
        made: madeBy(context, 'SEG', ['segmentation', 'labels']),
        algorithm: algorithmOf(segmentation),
        grid: labels.grid,
        slices: source.slices,
        sources: source.images,
        segments: segmentation.structures.map(({ title, name, category, type, colour, label }) => ({
          label: title,
          category,
          type,
          colour,
          voxels: labels.values,
          value: label,
          trackingUid: trackingUidOf(context, volume.SeriesInstanceUID, name),
        })),
        tags: context.parameters.tags,
      }),
    );
    context.signal.throwIfAborted();
    const deviationMm = await verify(bytes, labels, segmentation, volume, context.signal);
    await context.output('seg', 'seg.dcm', bytes, 'application/dicom');
    return { segments: segmentation.structures.length, bytes: bytes.length, deviationMm };
  },
});

/** Reads the object as anybody would. @throws {ProblemError} it says something else than the segmentation */
async function verify(
  bytes: Buffer,
  labels: Volume3D<Uint8Array>,
  { structures }: Segmentation,
  { FrameOfReferenceUID }: Volume,
  signal: AbortSignal,
): Promise<number> {
  const read = readSegmentation(bytes);
  let deviation = 0;
  for (const [index, { label, title }] of structures.entries()) {
    signal.throwIfAborted();
    const { voxels, deviationMm } = await maskOf(read, index + 1, { grid: labels.grid, FrameOfReferenceUID });
    if (!isSame(voxels, labels.values, label) || deviationMm > MOST_DEVIATION_MM) {
      throw unprocessable(`The DICOM Segmentation was read back and its segment "${title}" is not that of the model.`);
    }
    deviation = Math.max(deviation, deviationMm);
  }
  return deviation;
}

/** A plain loop: there may be hundreds of millions of voxels. */
function isSame(mask: Uint8Array, labels: Uint8Array, label: number): boolean {
  for (let at = 0; at < mask.length; at++) if ((mask[at] === 1) !== (labels[at] === label)) return false;
  return true;
}
