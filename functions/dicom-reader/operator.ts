import { z } from 'zod';
import { defineOperator, Keyword } from '../operator.ts';
import { readRadiographs } from './radiographs.ts';
import { readVolumes } from './volumes.ts';

export const dicomReader = defineOperator({
  name: 'dicom-reader',
  version: '1.0.0',
  description:
    'Decodes the selected images: radiographs to 16-bit grey values, series to volumes with every voxel at its place.',
  parameters: z.object({
    kind: z
      .enum(['radiographs', 'volumes'])
      .default('radiographs')
      .describe('`radiographs`: each image by itself; `volumes`: one volume of the images of each input.'),
    mostPixels: z.int().positive().default(64_000_000).describe('Largest radiograph that is decoded, in pixels.'),
    mostVoxels: z.int().positive().default(600_000_000).describe('Largest volume that is read, in voxels.'),
    where: z
      .record(Keyword, z.string())
      .default({})
      .describe('Of a volume only the images whose attributes have these values, e.g. {EchoTime: "20"}.'),
  }),
  inputs: { instances: 'DICOM files (Part 10).', selection: 'The selection that series-selector made.' },
  outputs: {
    images:
      'RadiographSet as JSON: size, spacing, orientation of each image; or VolumeSet: grid and slices of each volume. With the files left out and the reason.',
    pixels:
      'For each radiograph its grey values: 16-bit little endian, row by row. For each volume a NIfTI-1, `<input>.nii`.',
  },
  run: (context) =>
    context.parameters.kind === 'volumes'
      ? readVolumes(context, context.parameters)
      : readRadiographs(context, context.parameters.mostPixels),
});
