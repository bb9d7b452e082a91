import { z } from 'zod';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { defineOperator, jsonBytes } from '../operator.ts';

/** An example to start from: counts the images of a study by modality. */
export const countImages = defineOperator({
  name: 'count-images',
  version: '0.1.0',
  description: 'Counts the images of a study by modality.',
  parameters: z.object({
    leaveOut: z.array(z.string()).default(['SR']).describe('Modalities that are not counted.'),
  }),
  inputs: { instances: 'DICOM files (Part 10).' },
  outputs: { counts: 'JSON: modality → number of images.' },
  async run(context) {
    const counts: Record<string, number> = {};
    for (const file of context.input('instances')) {
      const { dataset } = readPart10(await file.read(), { untilPixelData: true });
      const modality = dataset.text('Modality') ?? 'unknown';
      if (!context.parameters.leaveOut.includes(modality)) counts[modality] = (counts[modality] ?? 0) + 1;
    }
    await context.output('counts', 'counts.json', jsonBytes(counts), 'application/json');
    return { images: Object.values(counts).reduce((sum, count) => sum + count, 0) };
  },
});
