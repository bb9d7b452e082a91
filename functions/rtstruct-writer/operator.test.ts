import { describe, expect, it } from 'vitest';
import { GRIDS } from '../../lib/dicom/made/series.fixture.ts';
import { readStructureSet } from '../../lib/dicom/rtstruct/read.ts';
import { callWith, segmentedExam } from '../operator/objects.fixture.ts';
import { rtstructWriter } from './operator.ts';

describe('rtstruct-writer', () => {
  it.each(Object.keys(GRIDS))('writes contours that fill to the same voxels: %s', async (grid) => {
    const { outputs, data } = await callWith(rtstructWriter, segmentedExam(grid, 'touching segments'));
    const { rois, label } = readStructureSet(outputs.rtstruct ?? Buffer.alloc(0));
    expect([label, rois.length]).toEqual(['Overread', 2]);
    const contours = rois.flatMap((roi) => roi.contours);
    expect(contours).toHaveLength(Number(data.contours));
    expect(contours.every(({ SOPInstanceUID }) => SOPInstanceUID !== undefined)).toBe(true);
  });

  it('names a structure that was not found, without contours', async () => {
    const { outputs } = await callWith(rtstructWriter, segmentedExam('axial', 'an empty segment'));
    const { rois } = readStructureSet(outputs.rtstruct ?? Buffer.alloc(0));
    expect(rois.map(({ name, contours }) => [name, contours.length > 0])).toEqual([
      ['found', true],
      ['not found', false],
    ]);
  });
});
