import { z } from 'zod';
import { readStructureSet } from '../../lib/dicom/rtstruct/read.ts';
import { type AreaToWrite, writeStructureSet } from '../../lib/dicom/rtstruct/write.ts';
import { fillRings, fromPatient, polygonsOf, type Ring, toPatient } from '../../lib/imaging/contours.ts';
import { spacingOf, type Volume3D } from '../../lib/imaging/volume.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { Segmentation, VolumeSet } from '../../schemas/volume.ts';
import {
  algorithmOf,
  defineOperator,
  madeBy,
  objectParameters,
  readJson,
  readLabels,
  refusing,
  type Source,
  sourceOf,
  volumeNamed,
} from '../operator.ts';

/** What is written may lie this far from the segmentation, mm. */
const MOST_DEVIATION_MM = 1e-3;

export const rtstructWriter = defineOperator({
  name: 'rtstruct-writer',
  version: '1.0.0',
  description:
    'Writes a segmentation as a DICOM RT Structure Set, reads it back, fills its contours and compares them voxel by voxel.',
  parameters: z.object(objectParameters(9002)),
  inputs: {
    instances: 'DICOM files (Part 10) of the exam: patient, study and images are taken from them.',
    images: 'The list of volumes that dicom-reader made.',
    segmentation: 'A segmentation on the grid of one of them.',
    labels: 'The label map beside it.',
  },
  outputs: {
    rtstruct: 'One DICOM RT Structure Set: an ROI for each structure, closed planar contours, holes as keyholes.',
  },
  async run(context) {
    const [set, segmentation] = await Promise.all([
      readJson(context.inputFile('images'), VolumeSet),
      readJson(context.inputFile('segmentation'), Segmentation),
    ]);
    const source = await sourceOf(context.input('instances'), volumeNamed(set, segmentation.reference));
    const labels = await readLabels(context.input('labels'), segmentation);
    const rois = segmentation.structures.map(({ title, type, colour, label }) => {
      context.signal.throwIfAborted();
      return { name: title, type, colour, areas: areasOf(labels, label, source) };
    });
    const bytes = refusing(() =>
      writeStructureSet({
        exam: source.exam,
        made: madeBy(context, 'RTSTRUCT', ['segmentation', 'labels']),
        algorithm: algorithmOf(segmentation),
        label: 'Overread',
        sources: source.images,
        rois,
        tags: context.parameters.tags,
      }),
    );
    verify(bytes, labels, segmentation);
    await context.output('rtstruct', 'rtstruct.dcm', bytes, 'application/dicom');
    return { rois: rois.length, contours: rois.reduce((sum, { areas }) => sum + areas.length, 0), bytes: bytes.length };
  },
});

function areasOf(labels: Volume3D<Uint8Array>, label: number, { slices }: Source): AreaToWrite[] {
  const { grid, values } = labels;
  const size = grid.size[0] * grid.size[1];
  return Array.from({ length: grid.size[2] }, (_, k) => k)
    .filter((k) => values.subarray(k * size, (k + 1) * size).includes(label))
    .flatMap((k) =>
      polygonsOf(labels, k, label).map(({ outer, holes }) => ({
        outer: toPatient(grid, k, outer),
        holes: holes.map((hole) => toPatient(grid, k, hole)),
        image: slices[k],
      })),
    );
}

/** Fills the contours as anybody would. @throws {ProblemError} they say something else than the segmentation */
function verify(bytes: Buffer, { grid, values }: Volume3D<Uint8Array>, { structures }: Segmentation): void {
  const { rois } = readStructureSet(bytes);
  const [columns, rows, slices] = grid.size;
  const between = spacingOf(grid)[2];
  for (const [index, { label, title }] of structures.entries()) {
    const rings = new Map<number, Ring[]>();
    for (const { points } of rois[index]?.contours ?? []) {
      const { k, ring } = fromPatient(grid, points);
      const slice = Math.round(k);
      if (Math.abs(k - slice) * between > MOST_DEVIATION_MM) throw differs(title);
      const inSlice = rings.get(slice);
      if (inSlice === undefined) rings.set(slice, [ring]);
      else inSlice.push(ring);
    }
    for (let k = 0; k < slices; k++) {
      const given = values.subarray(k * columns * rows, (k + 1) * columns * rows);
      if (!rings.has(k) && !given.includes(label)) continue;
      const filled = new Uint8Array(columns * rows);
      fillRings(filled, columns, rings.get(k) ?? []);
      for (let at = 0; at < filled.length; at++) {
        if ((filled[at] === 1) !== (given[at] === label)) throw differs(title);
      }
    }
  }
}

function differs(title: string): Error {
  return unprocessable(`The RT Structure Set was read back and its ROI "${title}" is not the structure of the model.`);
}
