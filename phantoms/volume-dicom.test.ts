import { describe, expect, it } from 'vitest';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { decodeFrame } from '../lib/dicom/pixels.ts';
import { gridOf } from './volume.ts';
import { decimal, type PhantomSeries, seriesToDicom } from './volume-dicom.ts';

const grid = gridOf({ size: [4, 3, 2], spacing: [0.5, 0.75, 3], oblique: [10, 20, 30], reversed: true });
const series: PhantomSeries = {
  exam: { seed: 'test', patient: 7, name: 'Test', studyDate: '20260105', studyDescription: 'TEST' },
  number: 2,
  description: 'CT of the test',
  bodyPart: 'ABDOMEN',
  acquisition: { modality: 'CT' },
  volume: { grid, values: Int16Array.from({ length: 24 }, (_, n) => n - 10) },
};
const datasets = [...seriesToDicom(series)].map((bytes) => readPart10(bytes).dataset);

describe('seriesToDicom', () => {
  it('says where each voxel lies, as the affine does', () => {
    for (const [k, dataset] of datasets.entries()) {
      const numbers = (keyword: string) => dataset.texts(keyword).map(Number);
      const [rowSpacing = 0, columnSpacing = 0] = numbers('PixelSpacing');
      const direction = numbers('ImageOrientationPatient');
      const position = numbers('ImagePositionPatient');
      const [i, j] = [3, 2];
      for (const axis of [0, 1, 2]) {
        const told =
          (position[axis] ?? 0) +
          i * columnSpacing * (direction[axis] ?? 0) +
          j * rowSpacing * (direction[3 + axis] ?? 0);
        const [a = 0, b = 0, c = 0, d = 0] = grid.affine.slice(4 * axis);
        expect(told, `axis ${axis} of slice ${k}`).toBeCloseTo(a * i + b * j + c * k + d, 6);
      }
    }
  });

  it('stores the values of each slice, negative ones too', async () => {
    const [, second] = [...seriesToDicom(series)];
    const image = await decodeFrame(second ?? Buffer.alloc(0));
    expect(Array.from(image.pixels)).toEqual(Array.from(series.volume.values.slice(12)));
  });

  it('gives slices of one series one series and study, and each a number', () => {
    const numbered = [...seriesToDicom({ ...series, numberedFrom: 'last' })].map((bytes) => readPart10(bytes).dataset);
    expect(numbered.map((dataset) => dataset.text('InstanceNumber'))).toEqual(['2', '1']);
    expect(new Set(datasets.map((dataset) => dataset.text('SeriesInstanceUID'))).size).toBe(1);
    expect(new Set(datasets.map((dataset) => dataset.text('SOPInstanceUID'))).size).toBe(2);
  });
});

describe('decimal', () => {
  it.each([
    [1 / 3, '0.333333333333'],
    [-370 / 3, '-123.33333333333'],
    [0.9375, '0.9375'],
    [-1e-17, '0'],
    [1200, '1200'],
    [-0.0000001, '-0.0000001'],
  ])('writes %d in at most 16 characters', (value, text) => {
    expect(decimal(value)).toBe(text);
  });
});
