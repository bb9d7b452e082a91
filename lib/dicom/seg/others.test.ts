/** Segmentations that dcmqi and highdicom wrote, against the masks that they were made of or read as. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Grid } from '../../../schemas/volume.ts';
import { maskOf, readSegmentation } from './read.ts';

const DATA = path.join(import.meta.dirname, '../../../../shared/data');
const DCMQI = path.join(DATA, '07-liver-ct-seg-dcmqi');
const HIGHDICOM = path.join(DATA, '09-seg-sr-rt/highdicom');

/** An NRRD of 16-bit numbers, as dcmqi writes and reads it. */
function readNrrd(file: string): { grid: Grid; values: Int16Array } {
  const bytes = readFileSync(file);
  const end = bytes.indexOf('\n\n');
  const head = bytes.toString('latin1', 0, end);
  const numbers = (field: string) =>
    (new RegExp(`^${field}: (.*)$`, 'm').exec(head)?.[1] ?? '')
      .split(/[\s(),]+/)
      .filter(Boolean)
      .map(Number);
  const [columns = 0, rows = 0, slices = 0] = numbers('sizes');
  const directions = numbers('space directions');
  const origin = numbers('space origin');
  const affine = [0, 1, 2].flatMap((row) => [
    ...[0, 1, 2].map((column) => directions[3 * column + row] ?? 0),
    origin[row] ?? 0,
  ]);
  const body = gunzipSync(bytes.subarray(end + 2));
  const values = new Int16Array(new Uint8Array(body).buffer);
  return { grid: { size: [columns, rows, slices], affine }, values };
}

/** Voxels that differ between a segment and a label of an NRRD. */
async function differing(seg: string, segment: number, nrrd: string, label?: number): Promise<number> {
  const read = readSegmentation(readFileSync(path.join(DCMQI, seg)));
  const { grid, values } = readNrrd(path.join(DCMQI, nrrd));
  const { voxels, count } = await maskOf(read, segment, { grid, FrameOfReferenceUID: read.FrameOfReferenceUID });
  expect(count).toBeGreaterThan(0);
  const isIn = (value: number) => (label === undefined ? value !== 0 : value === label);
  return voxels.reduce((sum, voxel, at) => sum + Number((voxel === 1) !== isIn(values[at] ?? 0)), 0);
}

describe.skipIf(!existsSync(DCMQI))('segmentations of dcmqi', () => {
  it.each([
    ['liver.dcm', 1, 'liver_seg.nrrd', undefined],
    ['sparse-labelmap-noppv.dcm', 1, 'sparse_labelmap_noppv_seg.nrrd', undefined],
    ['sparse-labelmap-ppv5.dcm', 1, 'sparse_labelmap_ppv5_seg.nrrd', 1],
  ])('%s, segment %i', async (seg, segment, nrrd, label) => {
    expect(await differing(seg, segment, nrrd, label)).toBe(0);
  });

  it('reads five segments of which some overlap', async () => {
    const read = readSegmentation(readFileSync(path.join(DCMQI, 'partial_overlaps.dcm')));
    expect(read.segments.map(({ label }) => label)).toEqual(['GREEN', 'ORANGE', 'PURPLE', 'LIGHT_BLUE', 'DARK_BLUE']);
    const { grid } = readNrrd(path.join(DCMQI, 'partial_overlaps-1.nrrd'));
    const target = { grid, FrameOfReferenceUID: read.FrameOfReferenceUID };
    const masks = await Promise.all(read.segments.map(({ number }) => maskOf(read, number, target)));
    const labels = ['partial_overlaps-1.nrrd', 'partial_overlaps-2.nrrd', 'partial_overlaps-3.nrrd'].map(
      (file) => readNrrd(path.join(DCMQI, file)).values,
    );
    const given = new Set(
      labels.flatMap((values) => [...new Set(values)].filter((v) => v > 0).map((v) => countOf(values, v))),
    );
    expect(new Set(masks.map(({ count }) => count))).toEqual(given);
  });
});

function countOf(values: Int16Array, label: number): number {
  return values.reduce((sum, value) => sum + Number(value === label), 0);
}

describe.skipIf(!existsSync(HIGHDICOM))('segmentations of highdicom', () => {
  const grid: Grid = {
    size: [16, 16, 165],
    affine: [0.488281, 0, 0, -125, 0, 0.488281, 0, -128.100006, 0, 0, 1.25, -99.480003],
  };
  const masksOf = async (name: string) => {
    const read = readSegmentation(readFileSync(path.join(HIGHDICOM, name)));
    const target = { grid, FrameOfReferenceUID: read.FrameOfReferenceUID };
    return Promise.all(read.segments.map(({ number }) => maskOf(read, number, target)));
  };

  it('reads the fractional one as the binary one, of which it was made', async () => {
    const [binary] = await masksOf('seg_image_ct_binary.dcm');
    const [fractional] = await masksOf('seg_image_ct_binary_fractional.dcm');
    expect(binary?.count).toBeGreaterThan(0);
    expect(fractional?.voxels).toEqual(binary?.voxels);
  });

  it('takes half of the maximum of a truly fractional one for in', async () => {
    const [mask] = await masksOf('seg_image_ct_true_fractional.dcm');
    expect(mask?.count).toBeGreaterThan(0);
    expect(mask?.count).toBeLessThan(16 * 16 * 3);
  });

  it('reads overlapping segments on slices far apart', async () => {
    const [first, second] = await masksOf('seg_image_ct_binary_overlap.dcm');
    const both = first?.voxels.reduce((sum, voxel, at) => sum + Number(voxel === 1 && second?.voxels[at] === 1), 0);
    expect([first?.count, second?.count].every((count) => (count ?? 0) > 0)).toBe(true);
    expect(both).toBeGreaterThan(0);
  });

  it('refuses one of a radiograph, which does not say where it lies', async () => {
    await expect(masksOf('seg_image_cr_binary.dcm')).rejects.toThrow(/frame of reference|where it lies/);
  });
});
