import { z } from 'zod';
import { writeNifti } from '../../lib/imaging/nifti.ts';
import { Slug } from '../../schemas/scalars.ts';
import { PreparedVolume, Segmentation, type Structure, VolumeSet } from '../../schemas/volume.ts';
import { defineOperator, jsonBytes, readJson, readLabels, volumeNamed } from '../operator.ts';
import { labelsOnto } from './back.ts';
import { tidy } from './tidy.ts';

const Tidying = z.strictObject({
  fillHoles: z.boolean().default(false),
  largestComponent: z.boolean().default(false),
  smallestMl: z.number().nonnegative().default(0),
});

export const postprocess = defineOperator({
  name: 'postprocess',
  version: '1.0.0',
  description: 'Brings a segmentation back onto the grid of its source, and tidies its structures.',
  parameters: z.object({
    structures: z
      .record(Slug, Tidying)
      .default({})
      .describe('Structure → what is done to it, in this order: {fillHoles, largestComponent, smallestMl}.'),
    become: z
      .record(Slug, Slug.nullable())
      .default({})
      .describe('Structure of the model → the one that it becomes a part of, or null to drop it.'),
  }),
  inputs: {
    images: 'The list of volumes that dicom-reader made.',
    prepared: 'What preprocess made of them: it names the volume that the segmentation goes back to.',
    segmentation: 'The segmentation on the grid of the tensor.',
    labels: 'The label map beside it.',
  },
  outputs: {
    segmentation: 'Segmentation as JSON, on the grid of the reference volume.',
    labels: 'Its label map: NIfTI of unsigned bytes.',
  },
  async run(context) {
    const { become, structures: wanted } = context.parameters;
    const [set, prepared, given] = await Promise.all([
      readJson(context.inputFile('images'), VolumeSet),
      readJson(context.inputFile('prepared'), PreparedVolume),
      readJson(context.inputFile('segmentation'), Segmentation),
    ]);
    const { grid } = volumeNamed(set, prepared.reference);
    const map = await readLabels(context.input('labels'), given);
    const structures = given.structures.filter(({ name }) => become[name] === undefined);
    relabel(map.values, given.structures, become);
    const labels = labelsOnto(
      map,
      grid,
      structures.map(({ label }) => label),
    );
    for (const { name, label } of structures) {
      context.signal.throwIfAborted();
      const tidying = wanted[name];
      if (tidying !== undefined) tidy(labels, label, tidying);
    }
    const segmentation: Segmentation = {
      ...given,
      file: 'labels.nii',
      grid,
      structures,
      reference: prepared.reference,
      steps: [
        ...given.steps,
        { does: 'onto-source', with: { interpolation: 'linear by structure' } },
        ...structures.map(({ name }) => ({ does: 'tidy', with: { structure: name, ...wanted[name] } })),
      ],
    };
    await Promise.all([
      context.output('labels', segmentation.file, writeNifti(labels)),
      context.output('segmentation', 'segmentation.json', jsonBytes(segmentation), 'application/json'),
    ]);
    return { size: grid.size };
  },
});

/** Gives the voxels of structures another one's label, or none. Writes into `values`. */
function relabel(
  values: Uint8Array,
  structures: readonly Structure[],
  become: Readonly<Record<string, string | null>>,
): void {
  if (Object.keys(become).length === 0) return;
  const labelOf = new Map(structures.map(({ name, label }) => [name, label]));
  const to = Uint8Array.from({ length: 256 }, (_, label) => label);
  for (const { name, label } of structures) {
    const other = become[name];
    if (other !== undefined) to[label] = other === null ? 0 : (labelOf.get(other) ?? 0);
  }
  values.forEach((value, at) => {
    values[at] = to[value] ?? 0;
  });
}
