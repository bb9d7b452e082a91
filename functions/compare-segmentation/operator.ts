import { z } from 'zod';
import { sameGrid } from '../../lib/imaging/volume.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { Segmentation, type SegmentationComparison } from '../../schemas/volume.ts';
import { defineOperator, jsonBytes, readJson, readLabels } from '../operator.ts';
import { compare } from './compare.ts';

export const compareSegmentation = defineOperator({
  name: 'compare-segmentation',
  version: '1.0.0',
  description:
    'Measures how far a segmentation is from another one of the same images: Dice, 95 % surface distance, volumes.',
  parameters: z.object({}),
  inputs: {
    segmentation: 'A segmentation on the grid of its images.',
    labels: 'The label map beside it.',
    original: 'The segmentation that it is compared with, on the same grid.',
    originalLabels: 'The label map beside that one.',
  },
  outputs: { comparison: 'SegmentationComparison as JSON.' },
  async run({ inputFile, input, output, signal }) {
    const [segmentation, original] = await Promise.all([
      readJson(inputFile('segmentation'), Segmentation),
      readJson(inputFile('original'), Segmentation),
    ]);
    if (!sameGrid(segmentation.grid, original.grid)) {
      throw unprocessable('Segmentations are compared on one grid; these two lie on others.');
    }
    const labels = await readLabels(input('labels'), segmentation);
    const originalLabels = await readLabels(input('originalLabels'), original);
    const structures = segmentation.structures.map((structure) => {
      signal.throwIfAborted();
      const before = original.structures.find(({ name }) => name === structure.name);
      if (before === undefined) {
        throw unprocessable(`The segmentation that is compared with must hold ${structure.name}; it does not.`);
      }
      return compare(structure, { labels, label: structure.label }, { labels: originalLabels, label: before.label });
    });
    const comparison: SegmentationComparison = { structures };
    await output('comparison', 'comparison.json', jsonBytes(comparison), 'application/json');
    return Object.fromEntries(structures.map(({ name, dice }) => [name, dice]));
  },
});
