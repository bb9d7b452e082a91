import { z } from 'zod';
import { Slug } from '../../schemas/scalars.ts';
import { Segmentation, type VolumeMeasurements, VolumeSet } from '../../schemas/volume.ts';
import { defineOperator, jsonBytes, readJson, readLabels, volumeNamed } from '../operator.ts';
import { measure } from './measure.ts';

export const volumeCalculator = defineOperator({
  name: 'volume-calculator',
  version: '1.0.0',
  description:
    'Measures the structures of a segmentation in mL, and says which may be cut off by the first or last slice.',
  parameters: z.object({
    total: z
      .array(Slug)
      .default([])
      .describe('Structures that are parts of one whole: each gets its percentage of their sum.'),
  }),
  inputs: {
    images: 'The list of volumes that dicom-reader made.',
    segmentation: 'A segmentation on the grid of one of them, whoever made it.',
    labels: 'The label map beside it.',
  },
  outputs: { measurements: 'VolumeMeasurements as JSON.' },
  async run({ parameters, inputFile, input, output }) {
    const [set, segmentation] = await Promise.all([
      readJson(inputFile('images'), VolumeSet),
      readJson(inputFile('segmentation'), Segmentation),
    ]);
    const { SeriesInstanceUID } = volumeNamed(set, segmentation.reference);
    const labels = await readLabels(input('labels'), segmentation);
    const measurements: VolumeMeasurements = {
      SeriesInstanceUID,
      ...measure(labels, segmentation.structures, parameters.total),
    };
    await output('measurements', 'measurements.json', jsonBytes(measurements), 'application/json');
    return Object.fromEntries(measurements.structures.map(({ name, volumeMl }) => [name, volumeMl]));
  },
});
