import { describe, expect, it } from 'vitest';
import { readPart10 } from '../dataset.ts';
import { ALGORITHM, GRIDS, madeIn, seriesOn } from '../made/series.fixture.ts';
import { writePart10 } from '../write.ts';
import { keyhole } from './keyhole.ts';
import { readStructureSet } from './read.ts';
import { type StructureSetToWrite, writeStructureSet } from './write.ts';

const SQUARE = [0, 0, 5, 10, 0, 5, 10, 10, 5, 0, 10, 5];
const HOLE = [4, 4, 5, 4, 6, 5, 6, 6, 5, 6, 4, 5];
const LIVER = { value: '10200004', scheme: 'SCT', meaning: 'Liver' };

function set(): StructureSetToWrite {
  const grid = GRIDS.axial;
  if (grid === undefined) throw new Error('There is no such grid.');
  const { exam, references } = seriesOn(grid, 'axial');
  const areas = [{ outer: SQUARE, holes: [HOLE], image: references[3] }];
  const rois = [
    { name: 'Liver', type: LIVER, colour: '#d81e1e', areas },
    { name: 'Vessels', type: LIVER, colour: '#1e8ad8', areas: [] },
  ];
  return {
    exam,
    made: madeIn('axial', 'rtstruct'),
    algorithm: ALGORITHM,
    label: 'Overread',
    sources: references,
    rois,
  };
}

/** Twice the signed area in the plane of x and y. */
function area(points: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < points.length; at += 3) {
    const next = (at + 3) % points.length;
    sum += (points[at] ?? 0) * (points[next + 1] ?? 0) - (points[next] ?? 0) * (points[at + 1] ?? 0);
  }
  return sum;
}

describe('keyhole', () => {
  it('goes around a hole the other way, and leaves as much as there was', () => {
    const joined = keyhole({ outer: SQUARE, holes: [HOLE] });
    expect(joined).toHaveLength(SQUARE.length + HOLE.length + 6);
    expect(area(joined)).toBe(2 * (100 - 4));
  });

  it('joins the nearest hole first', () => {
    const far = HOLE.map((value, at) => (at % 3 === 0 ? value + 2.5 : value));
    expect(area(keyhole({ outer: SQUARE, holes: [HOLE, far] }))).toBe(2 * (100 - 8));
    expect(keyhole({ outer: SQUARE, holes: [] })).toEqual(SQUARE);
  });
});

describe('a structure set', () => {
  it('reads back with names, codes, images and coordinates; an empty ROI is there too', () => {
    const written = set();
    const read = readStructureSet(writeStructureSet(written));
    expect(read.rois.map(({ name, type, contours }) => [name, type, contours.length])).toEqual([
      ['Liver', LIVER, 1],
      ['Vessels', LIVER, 0],
    ]);
    const [contour] = read.rois[0]?.contours ?? [];
    expect(contour?.points).toEqual(keyhole({ outer: SQUARE, holes: [HOLE] }));
    expect(contour?.SOPInstanceUID).toBe(written.sources[3]?.SOPInstanceUID);
    expect(read.dataset.text('SeriesDescription')).toMatch(/^INVESTIGATIONAL /);
  });

  it('holds a contour of more points than Explicit VR could', () => {
    const outer = Array.from({ length: 30_000 }, (_, at) => (at % 3 === 2 ? 5 : Math.round(at * 12.34567) / 1e3));
    const written = set();
    const rois = written.rois.slice(0, 1).map((roi) => ({ ...roi, areas: [{ outer, holes: [], image: undefined }] }));
    const read = readStructureSet(writeStructureSet({ ...written, rois }));
    expect(read.rois[0]?.contours[0]?.points).toEqual(outer);
  });

  it('takes tags, and refuses those that would break it', () => {
    const tags = { StructureSetLabel: 'LIVER', ApprovalStatus: 'APPROVED' };
    expect(() => writeStructureSet({ ...set(), tags })).toThrow('ApprovalStatus is decided by the writer');
    const { dataset } = readPart10(writeStructureSet({ ...set(), tags: { StructureSetLabel: 'LIVER' } }));
    expect(dataset.text('StructureSetLabel')).toBe('LIVER');
  });

  it('is refused where it is something else', () => {
    const other = writePart10({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '1.2.3' });
    expect(() => readStructureSet(other)).toThrow('must be a DICOM RT Structure Set');
  });
});
