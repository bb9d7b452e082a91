import { describe, expect, it } from 'vitest';
import { readPart10 } from '../dataset.ts';
import { ALGORITHM, GRIDS, madeIn, SEGMENTS, seriesOn } from '../made/series.fixture.ts';
import { UnfitObjectError } from '../made/unfit.ts';
import { maskOf, readSegmentation } from './read.ts';
import { type SegmentationToWrite, writeSegmentation } from './write.ts';

function toWrite(name: string, segments: string): SegmentationToWrite {
  const grid = GRIDS[name];
  const of = SEGMENTS[segments];
  if (grid === undefined || of === undefined) throw new Error('There is no such case.');
  const { references, exam } = seriesOn(grid, name);
  const made = madeIn(name, segments);
  return { exam, made, algorithm: ALGORITHM, grid, slices: references, sources: references, segments: of(grid) };
}

describe('a segmentation that was written', () => {
  it.each(Object.keys(GRIDS).flatMap((name) => Object.keys(SEGMENTS).map((segments) => [name, segments] as const)))(
    'reads back voxel by voxel: %s, %s',
    async (name, segments) => {
      const written = toWrite(name, segments);
      const read = readSegmentation(writeSegmentation(written));
      expect(read.segments.map(({ label, type }) => [label, type])).toEqual(
        written.segments.map(({ label, type }) => [label, type]),
      );
      const { FrameOfReferenceUID } = written.exam;
      for (const [index, { voxels, value }] of written.segments.entries()) {
        const mask = await maskOf(read, index + 1, { grid: written.grid, FrameOfReferenceUID });
        expect(mask.voxels).toEqual(voxels.map((voxel) => (voxel === value ? 1 : 0)));
        expect(mask.deviationMm).toBeLessThan(1e-3);
      }
    },
  );

  it('leaves empty frames out, and keeps one of a segment that is empty', () => {
    const frames = (segments: string) => readSegmentation(writeSegmentation(toWrite('axial', segments))).frames;
    expect(frames('nothing at all').map(({ segment }) => segment)).toEqual([1]);
    const found = frames('an empty segment').filter(({ segment }) => segment === 1);
    expect(found.length).toBeLessThan(21);
    expect(frames('an empty segment')).toHaveLength(found.length + 1);
  });

  it('names the exam as the exam does, and its images frame by frame', () => {
    const written = toWrite('axial', 'touching segments');
    const { dataset } = readPart10(writeSegmentation(written));
    expect(dataset.text('PatientID')).toBe('PHANTOM-OBJECTS');
    expect(dataset.text('SeriesDescription')).toMatch(/^INVESTIGATIONAL /);
    expect(dataset.text('SegmentsOverlap')).toBe('NO');
    const [frame] = dataset.items('PerFrameFunctionalGroupsSequence');
    const [image] = frame?.items('DerivationImageSequence')[0]?.items('SourceImageSequence') ?? [];
    const slice = (frame?.items('FrameContentSequence')[0]?.numbers('DimensionIndexValues')[1] ?? 0) - 1;
    expect(image?.text('ReferencedSOPInstanceUID')).toBe(written.slices[slice]?.SOPInstanceUID);
    expect(
      readPart10(writeSegmentation(toWrite('axial', 'overlapping segments'))).dataset.text('SegmentsOverlap'),
    ).toBe('YES');
  });

  it('takes a site’s own tags, and keeps INVESTIGATIONAL in front', () => {
    const tags = {
      SeriesDescription: 'Liver',
      ContentLabel: 'LIVER',
      InstitutionName: 'Klinik Süd',
      SeriesNumber: '42',
    };
    const { dataset } = readPart10(writeSegmentation({ ...toWrite('axial', 'touching segments'), tags }));
    expect(dataset.text('SeriesDescription')).toBe('INVESTIGATIONAL Liver');
    expect(
      Object.keys(tags)
        .slice(1)
        .map((keyword) => dataset.text(keyword)),
    ).toEqual(['LIVER', 'Klinik Süd', '42']);
  });

  it.each([
    ['PatientID', 'X', 'belongs to the patient or the study'],
    ['StudyDescription', 'X', 'belongs to the patient or the study'],
    ['SOPInstanceUID', '1.2', 'is decided by the writer'],
    ['PhotometricInterpretation', 'RGB', 'is decided by the writer'],
    ['WindowCenter', '1', 'would change what the object is'],
    ['SourceImageSequence', 'X', 'takes no text'],
    ['ShoeSize', '9', 'no attribute with the keyword "ShoeSize"'],
    ['ContentLabel', 'lower case', 'must have at most 16 capital letters'],
  ])('refuses the tag %s', (keyword, text, message) => {
    const written = { ...toWrite('axial', 'touching segments'), tags: { [keyword]: text } };
    expect(() => writeSegmentation(written)).toThrow(message);
  });

  it.each<[string, (written: SegmentationToWrite) => SegmentationToWrite, string]>([
    [
      'no frame of reference',
      (w) => ({ ...w, exam: { ...w.exam, FrameOfReferenceUID: undefined } }),
      'must name the frame of reference',
    ],
    [
      'a tilted grid',
      (w) => ({ ...w, grid: { ...w.grid, affine: w.grid.affine.map((v, at) => (at === 6 ? v + 0.4 : v)) } }),
      'right angles',
    ],
    [
      'images of other slices',
      (w) => ({ ...w, slices: w.slices.slice(1) }),
      'an image for each of 21 slices; there are 20',
    ],
    [
      'voxels of another grid',
      (w) => ({ ...w, segments: w.segments.map((s) => ({ ...s, voxels: new Uint8Array(5) })) }),
      'must have 22533 voxels',
    ],
  ])('is refused with %s', (_, change, message) => {
    expect(() => writeSegmentation(change(toWrite('axial', 'touching segments')))).toThrow(message);
  });
});

describe('maskOf', () => {
  it.each([
    ['another frame of reference', 'frame-of-reference', (grid: typeof GRIDS.axial) => grid, '1.2.3'],
    ['another spacing', 'geometry', (grid: typeof GRIDS.axial) => scaled(grid), undefined],
    ['half a voxel beside it', 'geometry', (grid: typeof GRIDS.axial) => shifted(grid), undefined],
    [
      'a smaller grid',
      'geometry',
      (grid: typeof GRIDS.axial) => grid && { ...grid, size: [12, 12, 21] as const },
      undefined,
    ],
  ] as const)('refuses %s', async (_, reason, change, frameOfReference) => {
    const written = toWrite('axial', 'touching segments');
    const read = readSegmentation(writeSegmentation(written));
    const grid = change(written.grid) ?? written.grid;
    const target = {
      grid: { ...grid, size: [...grid.size] as [number, number, number] },
      FrameOfReferenceUID: frameOfReference ?? written.exam.FrameOfReferenceUID,
    };
    const error = await maskOf(read, 1, target).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UnfitObjectError);
    expect(error).toMatchObject({ reason });
  });

  it('finds the same voxels on the grid turned over', async () => {
    const written = toWrite('axial', 'touching segments');
    const reversed = GRIDS.reversed;
    const { grid, exam, segments } = written;
    if (reversed === undefined) throw new Error('There is no such grid.');
    const turned = { ...reversed, affine: reversed.affine.map((v, at) => (at === 11 ? v + 20 * 1.5 : v)) };
    const { voxels } = await maskOf(readSegmentation(writeSegmentation(written)), 1, {
      grid: turned,
      FrameOfReferenceUID: exam.FrameOfReferenceUID,
    });
    const size = grid.size[0] * grid.size[1];
    const slice = (k: number) => segments[0]?.voxels.subarray(k * size, (k + 1) * size).map((v) => (v === 1 ? 1 : 0));
    for (let k = 0; k < 21; k++) expect(voxels.subarray(k * size, (k + 1) * size)).toEqual(slice(20 - k));
  });
});

function scaled(grid: typeof GRIDS.axial) {
  return grid && { ...grid, affine: grid.affine.map((value, at) => (at === 0 ? value * 1.1 : value)) };
}

function shifted(grid: typeof GRIDS.axial) {
  return grid && { ...grid, affine: grid.affine.map((value, at) => (at === 3 ? value + 0.75 : value)) };
}
