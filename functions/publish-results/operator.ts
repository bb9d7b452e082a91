import { z } from 'zod';
import { unprocessable } from '../../lib/platform/problem.ts';
import { ImportStatement } from '../../lib/runs/import.ts';
import { defineOperator } from '../operator.ts';
import { publishDetections } from './detection.ts';
import { publishSegmentation } from './segmentation.ts';

export const publishResults = defineOperator({
  name: 'publish-results',
  version: '1.3.0',
  description:
    'Publishes what was found, for people and other systems: hips on radiographs, or structures in a volume.',
  parameters: z.object({
    longestSide: z.int().min(64).max(4096).default(1280).describe('Longest side of the pictures, in pixels.'),
    imported: ImportStatement.nullable()
      .default(null)
      .describe('Of a segmentation that a person brought in: whose it is, and what it was made with.'),
  }),
  inputs: {
    images: 'The list of images that dicom-reader made.',
    pixels: 'The pixels beside it.',
    selection: 'The selection of series-selector: what it left out is told to the reader.',
  },
  optionalInputs: {
    detections: 'Of radiographs: what infer-detection found.',
    instances: 'Of a volume: the DICOM files; the date of the study is taken from them.',
    segmentation: 'Of a volume: the segmentation on its grid.',
    labels: 'The label map beside it.',
    measurements: 'What volume-calculator found.',
    comparison: 'Of an edit: what compare-segmentation found.',
    seg: 'A DICOM Segmentation.',
    rtstruct: 'An RT Structure Set.',
    report: 'A Structured Report.',
    capture: 'A Secondary Capture.',
  },
  outputs: {
    result: 'Result as JSON, in the bucket `results`.',
    previews:
      'Pictures: for each radiograph a PNG and its grey values (gzip); for a volume three sections with outlines.',
    objects: 'DICOM objects, copied to the bucket `results`.',
    labels: 'The label map as NIfTI (gzip).',
  },
  async run(context) {
    if (context.input('detections').length > 0) return publishDetections(context);
    if (context.input('segmentation').length > 0) return publishSegmentation(context);
    throw unprocessable('There is nothing to publish: the step has neither `detections` nor `segmentation`.');
  },
});
