import { z } from 'zod';
import { defineOperator } from '../operator.ts';
import { Expectation } from './expectations.ts';
import { prepareRadiographs } from './radiographs.ts';
import { prepareVolumes } from './volumes.ts';

export const preprocess = defineOperator({
  name: 'preprocess',
  version: '1.1.0',
  description: 'Brings images to the input that a model wants: radiographs or volumes, as its card says.',
  parameters: z.object({
    register: z
      .enum(['needed', 'always', 'never'])
      .default('needed')
      .describe('Move volumes of several inputs onto the first: where their frames of reference differ, or as said.'),
    expects: z
      .array(Expectation)
      .default([])
      .describe(
        'What the pixels of volumes must look like, else the run is out of scope: {input, measure: share|sectionCm2, …, atLeast, atMost, because}.',
      ),
  }),
  inputs: {
    images: 'The list of images that dicom-reader made.',
    pixels: 'The pixels beside it.',
  },
  models: { model: 'The model whose card says what its input is.' },
  outputs: {
    prepared: 'PreparedSet or PreparedVolume as JSON: what was done, so that results map back exactly.',
    tensors: 'Tensors of 32-bit little-endian floats: [1, 1, rows, columns] each, or [channel, k, j, i].',
  },
  async run(context) {
    const card = await context.model('model').card();
    return card.kind === 'detection' ? prepareRadiographs(context, card) : prepareVolumes(context, card);
  },
});
