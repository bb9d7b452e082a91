import { describe, expect, it } from 'vitest';
import { writeNifti } from '../../lib/imaging/nifti.ts';
import { gridOf, type Volume3D } from '../../lib/imaging/volume.ts';
import { Segmentation, SegmentationComparison } from '../../schemas/volume.ts';
import { callWith, fileOf, segmentedExam } from '../operator/objects.fixture.ts';
import { compare } from './compare.ts';
import { compareSegmentation } from './operator.ts';

const GRID = gridOf([10, 10, 10], [1, 2, 5]);
const NAMED = { name: 'lesion', title: 'Lesion' };

/** A block of columns along i, with the label. */
function block(from: number, to: number, label: number): Volume3D<Uint8Array> {
  const values = Uint8Array.from({ length: 1000 }, (_, at) => {
    const [i, j, k] = [at % 10, Math.floor(at / 10) % 10, Math.floor(at / 100)];
    return i >= from && i < to && j > 3 && j < 8 && k > 3 && k < 8 ? label : 0;
  });
  return { grid: GRID, values };
}

describe('compare', () => {
  it('gives Dice, distance and volumes, whatever the labels are', () => {
    const change = compare(NAMED, { labels: block(2, 8, 1), label: 1 }, { labels: block(2, 6, 7), label: 7 });
    expect(change).toEqual({
      ...NAMED,
      dice: 0.8,
      surfaceDistance95Mm: 2,
      originalMl: 0.64,
      volumeMl: 0.96,
      changedVoxels: 32,
    });
  });

  it('finds nothing changed where nothing is, and no distance to nothing', () => {
    const [some, none] = [block(2, 6, 1), block(0, 0, 1)];
    const of = (labels: Volume3D<Uint8Array>) => ({ labels, label: 1 });
    expect(compare(NAMED, of(some), of(some))).toMatchObject({ dice: 1, surfaceDistance95Mm: 0, changedVoxels: 0 });
    expect(compare(NAMED, of(none), of(none))).toMatchObject({ dice: 1, surfaceDistance95Mm: null, volumeMl: 0 });
    expect(compare(NAMED, of(none), of(some))).toMatchObject({ dice: 0, surfaceDistance95Mm: null, originalMl: 0.64 });
  });
});

describe('compare-segmentation', () => {
  const exam = segmentedExam('oblique', 'touching segments');

  it('compares structure by structure', async () => {
    const { segmentation = [], labels = [] } = exam;
    const files = { segmentation, labels, original: segmentation, originalLabels: labels };
    const { outputs, data } = await callWith(compareSegmentation, files);
    const { structures } = SegmentationComparison.parse(JSON.parse(outputs.comparison?.toString() ?? ''));
    expect(structures.map(({ name, dice, surfaceDistance95Mm }) => [name, dice, surfaceDistance95Mm])).toEqual([
      ['first', 1, 0],
      ['second', 1, 0],
    ]);
    expect(data).toEqual({ first: 1, second: 1 });
  });

  it('refuses what lies on another grid', async () => {
    const { segmentation = [], labels = [] } = exam;
    const text = (await segmentation[0]?.read())?.toString() ?? '';
    const other = { ...Segmentation.parse(JSON.parse(text)), grid: GRID };
    const files = {
      segmentation,
      labels,
      original: [fileOf('segmentation.json', Buffer.from(JSON.stringify(other)))],
      originalLabels: [fileOf('labels.nii', writeNifti(block(2, 6, 1)))],
    };
    await expect(callWith(compareSegmentation, files)).rejects.toThrow('on one grid');
  });
});
