import { describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { writeNifti } from '../../lib/imaging/nifti.ts';
import { Segmentation } from '../../schemas/volume.ts';
import { callWith, fileOf, segmentedExam } from '../operator/objects.fixture.ts';
import { segWriter } from './operator.ts';

describe('seg-writer', () => {
  it.each([
    ['axial', 'touching segments'],
    ['oblique', 'touching segments'],
    ['reversed', 'an empty segment'],
    ['one slice', 'nothing at all'],
  ])('writes and reads back: %s, %s', async (grid, segments) => {
    const { outputs, data } = await callWith(segWriter, segmentedExam(grid, segments));
    expect(data.deviationMm).toBeLessThan(1e-3);
    const { dataset } = readPart10(outputs.seg ?? Buffer.alloc(0));
    expect(dataset.text('SeriesDescription')).toBe('INVESTIGATIONAL Test pipeline SEG');
    expect(dataset.texts('SoftwareVersions').slice(1)).toEqual(['test 1.0.0', 'test 1.0.0']);
    expect(dataset.text('SeriesDate')).toBe('20260105');
  });

  it('gives the same bytes again, and another object with other parameters', async () => {
    const files = segmentedExam('axial', 'touching segments');
    const [first, again, other] = await Promise.all([
      callWith(segWriter, files),
      callWith(segWriter, files),
      callWith(segWriter, files, { tags: { ContentLabel: 'LIVER' } }),
    ]);
    expect(again.outputs.seg).toEqual(first.outputs.seg);
    const uid = (bytes: Buffer = Buffer.alloc(0)) => readPart10(bytes).dataset.text('SOPInstanceUID');
    expect(uid(other.outputs.seg)).not.toBe(uid(first.outputs.seg));
  });

  it('names the images of a series that was resampled, and none for a frame', async () => {
    const { outputs } = await callWith(segWriter, segmentedExam('axial', 'touching segments', true));
    const { dataset } = readPart10(outputs.seg ?? Buffer.alloc(0));
    const [series] = dataset.items('ReferencedSeriesSequence');
    expect(series?.items('ReferencedInstanceSequence')).toHaveLength(21);
    const [frame] = dataset.items('PerFrameFunctionalGroupsSequence');
    expect(frame?.items('DerivationImageSequence')).toEqual([]);
  });

  it.each([
    [{ tags: { PatientName: 'X' } }, 'PatientName belongs to the patient or the study'],
    [{ tags: { ContentLabel: 'x y' } }, 'ContentLabel must have at most 16 capital letters'],
  ])('refuses %o for good', async (parameters, message) => {
    const refused = callWith(segWriter, segmentedExam('axial', 'touching segments'), parameters);
    await expect(refused).rejects.toMatchObject({ problem: { status: 422, detail: expect.stringContaining(message) } });
  });

  it('refuses a label map on another grid than the segmentation says', async () => {
    const files = segmentedExam('axial', 'touching segments');
    const [file] = files.segmentation ?? [];
    const segmentation = Segmentation.parse(JSON.parse((await file?.read())?.toString() ?? ''));
    const grid = { ...segmentation.grid, affine: segmentation.grid.affine.map((v, at) => (at === 3 ? v + 5 : v)) };
    const labels = [fileOf('labels.nii', writeNifti({ grid, values: new Uint8Array(22_533) }))];
    await expect(callWith(segWriter, { ...files, labels })).rejects.toThrow('lies elsewhere');
  });
});
