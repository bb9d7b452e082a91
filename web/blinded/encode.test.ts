import { describe, expect, it } from 'vitest';
import { ALGORITHM, GRIDS, madeIn, SEGMENTS, seriesOn } from '../../lib/dicom/made/series.fixture.ts';
import { UnfitObjectError } from '../../lib/dicom/made/unfit.ts';
import { maskOf, readSegmentation } from '../../lib/dicom/seg/read.ts';
import { type SegmentToWrite, writeSegmentation } from '../../lib/dicom/seg/write.ts';
import { deriveUid } from '../../lib/dicom/uid.ts';
import type { Grid, Structure } from '../../schemas/volume.ts';
import { type CopyToWrite, writeCopy } from './encode.ts';

const GRID_NAMES = Object.keys(GRIDS);
const TOUCHING = 'touching segments';

const gridNamed = (name: string): Grid => GRIDS[name] ?? { size: [1, 1, 1], affine: [] };
const segmentsOn = (grid: Grid, name: string) => SEGMENTS[name]?.(grid) ?? [];

/** A segmentation as a maker wrote it. */
function segmentationOn(gridName: string, segments: readonly SegmentToWrite[], maker: string): Buffer {
  const { exam, references } = seriesOn(gridNamed(gridName), gridName);
  return writeSegmentation({
    exam,
    made: { ...madeIn(gridName, maker), at: `2026-01-0${maker.length}T08:15:00.000Z`, softwareVersions: [maker] },
    algorithm: { ...ALGORITHM, type: maker === 'model' ? 'AUTOMATIC' : 'SEMIAUTOMATIC', name: maker },
    grid: gridNamed(gridName),
    slices: references,
    sources: references,
    segments,
  });
}

function copyOf(gridName: string, segmentation: Uint8Array, names: readonly string[]): CopyToWrite {
  const { files, references, exam } = seriesOn(gridNamed(gridName), gridName);
  const code = { value: '10200004', scheme: 'SCT', meaning: 'Liver' };
  const structures = names.map((name, index): Structure => {
    return { label: index + 1, name, title: name, category: code, type: code, colour: '#e11d48' };
  });
  return {
    id: 'c'.repeat(64),
    segmentation,
    volume: {
      ...{ input: 'ct', file: 'ct.nii', Modality: 'CT', units: 'HU', lossy: false, notes: [] },
      StudyInstanceUID: exam.StudyInstanceUID,
      SeriesInstanceUID: exam.SeriesInstanceUID,
      FrameOfReferenceUID: deriveUid('series fixture', gridName, 'frame of reference'),
      grid: gridNamed(gridName),
      slices: references.map((reference) => ({ ...reference, sha256: '0'.repeat(64), frame: 1 })),
    },
    image: files[0] ?? Buffer.alloc(0),
    sources: references,
    structures,
    at: '2026-01-05T08:15:00.000Z',
  };
}

describe('writeCopy', () => {
  it.each(GRID_NAMES)('keeps each voxel, however the slices lie: %s', async (gridName) => {
    const grid = gridNamed(gridName);
    for (const name of [TOUCHING, 'an empty segment', 'small parts', 'nothing at all']) {
      const segments = segmentsOn(grid, name);
      const labels = segments.map(({ label }) => label);
      const bytes = await writeCopy(copyOf(gridName, segmentationOn(gridName, segments, 'model'), labels));
      const read = readSegmentation(bytes);
      const target = { grid, FrameOfReferenceUID: read.FrameOfReferenceUID };
      for (const [index, { voxels, value, label }] of segments.entries()) {
        const mask = await maskOf(read, index + 1, target);
        const expected = voxels.map((voxel) => (voxel === value ? 1 : 0));
        expect(Buffer.compare(mask.voxels, expected), `${name}: ${label}`).toBe(0);
      }
    }
  });

  it.each(GRID_NAMES)('writes the same bytes of the same voxels, whoever wrote them and how: %s', async (gridName) => {
    const segments = segmentsOn(gridNamed(gridName), TOUCHING);
    const labels = segments.map(({ label }) => label);
    const others = segments.map((segment) => ({
      ...segment,
      colour: '#00ff00',
      trackingUid: deriveUid('x', segment.label),
    }));
    const [model, expert] = await Promise.all([
      writeCopy(copyOf(gridName, segmentationOn(gridName, segments, 'model'), labels)),
      writeCopy(copyOf(gridName, segmentationOn(gridName, others.toReversed(), 'expert'), labels)),
    ]);
    expect(model.equals(expert)).toBe(true);
  });

  it('has a segment for each structure, also for one that was not drawn', async () => {
    const [first] = segmentsOn(gridNamed('axial'), TOUCHING);
    if (first === undefined) throw new Error('There is no segment.');
    const bytes = await writeCopy(
      copyOf('axial', segmentationOn('axial', [first], 'novice'), ['first', 'second', 'third']),
    );
    expect(readSegmentation(bytes).segments.map(({ label }) => label)).toEqual(['first', 'second', 'third']);
  });

  it('is not made of what would tell its maker, or cannot be shown alike', async () => {
    const grid = gridNamed('axial');
    const named = copyOf('axial', segmentationOn('axial', segmentsOn(grid, TOUCHING), 'model'), ['first', 'other']);
    await expect(writeCopy(named)).rejects.toThrow(/holds a segment named second/);
    const overlapping = segmentsOn(grid, 'overlapping segments');
    const both = copyOf('axial', segmentationOn('axial', overlapping, 'model'), ['first', 'second']);
    await expect(writeCopy(both)).rejects.toThrow(UnfitObjectError);
  });
});
