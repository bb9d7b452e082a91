/** Where voxels lie and what they are worth, by dicom-reader and by other people's readers. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { readFiles } from '../../functions/dicom-reader/reading.fixture.ts';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { holdsPixels } from '../../lib/dicom/pixel-description.ts';
import { reorient } from '../../lib/imaging/reorient.ts';
import { cornersOf, gridOf, orientationOf, type Volume3D } from '../../lib/imaging/volume.ts';
import { debianPackages } from '../peers/debian.ts';
import { pythonWith } from '../peers/python.ts';
import { describeWith } from '../peers/skip.ts';
import { readWithDcm2niix, readWithSimpleItk } from './geometry/readers.ts';

const DATA = path.resolve(import.meta.dirname, '../../../shared/data');
const TOLERANCE_MM = 1e-3;
const LIMIT_MS = 600_000;

/** What keeps a reader from being compared with: where it is wrong, or by how much it is further off than `TOLERANCE_MM`, and why. */
interface Exception {
  readonly dcm2niix?: string;
  readonly dcm2niixMm?: number;
  readonly simpleItkMm?: number;
}

/** Series of real scanners. */
const SERIES: Readonly<Record<string, Exception>> = {
  // dcm2niix counts in 32 bits: over 170 slices 0.0013 mm.
  '01-brain-mr-philips-mprage': { dcm2niixMm: 2e-3 },
  '02-brain-mr-ge-signa-20slices': {
    dcm2niix: 'it takes the distance of the first two slices (7.07 mm) for all; the mean is 7.00 mm',
    // Its slices follow each other at right angles exactly; those of these headers, which are rounded, drift by that much.
    simpleItkMm: 0.06,
  },
  '04-brain-tumour-longitudinal-dicom-DERIVED/PGBM-002/19960813_pre': {},
  '04-brain-tumour-longitudinal-dicom-DERIVED/PGBM-002/19970117_post': {},
  '04-brain-tumour-longitudinal-dicom-DERIVED/PGBM-010/19920520_pre': {},
  '04-brain-tumour-longitudinal-dicom-DERIVED/PGBM-010/19920618_post': {},
  '06-liver-ct-totalsegmentator/dicom': {},
  '07-liver-ct-seg-dcmqi/ct-3slice': {},
  '07-liver-ct-seg-dcmqi/23x38x3/image': {},
  '07-liver-ct-seg-dcmqi/23x38x3/multiframe': {},
  '07-liver-ct-seg-dcmqi/24x38x3/image': {},
  '07-liver-ct-seg-dcmqi/24x38x3/multiframe': {},
  '09-seg-sr-rt/rt-utils/oriented_data': {},
  '11-vendor-mr/ge/anatomical/001': {},
  '11-vendor-mr/siemens/anatomical/001': {},
  '11-vendor-mr/generic/compressed/001': {},
  '11-vendor-mr/generic/compressed_jpeg/001': {},
  '11-vendor-mr/generic/compressed_jpegls/001': { dcm2niix: 'Debian’s reads no JPEG-LS' },
  '11-vendor-mr/generic/compressed_rle/001': {},
  '11-vendor-mr/philips_enhanced/anatomical/001': {},
  '14-nibabel/decimal_rescale.dcm': {},
  '14-nibabel/philips_mprage.dcm.gz': {},
  '15-mr-wrist-dcm4che-16slices': {},
};

function filesOf(name: string): Buffer[] {
  const place = path.join(DATA, name);
  const files = statSync(place).isDirectory()
    ? readdirSync(place)
        .sort()
        .map((file) => path.join(place, file))
    : [place];
  return files.flatMap((file) => {
    const bytes = file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file);
    try {
      return holdsPixels(readPart10(bytes).dataset) ? [bytes] : [];
    } catch {
      return [];
    }
  });
}

/** The greatest distance of a voxel from where the other has it, after its axes are turned as ours. */
function distanceMm(ours: Volume3D, theirs: Volume3D): number {
  const corners = cornersOf(theirs.grid);
  return Math.max(
    ...cornersOf(ours.grid).map((corner, at) => {
      const other = corners[at] ?? [0, 0, 0];
      return Math.hypot(corner[0] - other[0], corner[1] - other[1], corner[2] - other[2]);
    }),
  );
}

/** Voxels whose values differ; real ones by more than the rounding of a 32-bit slope. */
function differing(ours: Volume3D, theirs: Volume3D): number {
  const rounding = ours.values instanceof Float32Array ? 2 ** -22 : 0;
  let count = 0;
  for (let at = 0; at < ours.values.length; at++) {
    const [a, b] = [ours.values[at] ?? 0, theirs.values[at] ?? 0];
    if (Math.abs(a - b) > Math.abs(a) * rounding) count++;
  }
  return count;
}

function expectSame(ours: Volume3D, read: Volume3D, toleranceMm = TOLERANCE_MM): void {
  const theirs = reorient(read, orientationOf(ours.grid));
  expect(theirs.grid.size).toEqual(ours.grid.size);
  expect(distanceMm(ours, theirs)).toBeLessThan(toleranceMm);
  expect(differing(ours, theirs)).toBe(0);
}

async function readOurs(files: readonly Buffer[]): Promise<Volume3D> {
  const { volume, voxels } = await readFiles(files);
  return { grid: volume.grid, values: voxels.values };
}

const names = existsSync(DATA) ? Object.keys(SERIES) : [];
const dcm2niix = names.length > 0 && (await debianPackages()).has('dcm2niix') ? true : undefined;
describeWith('dcm2niix', dcm2niix, 'no dcm2niix, or no shared/data', () => {
  for (const [name, { dcm2niix: wrong, dcm2niixMm }] of Object.entries(SERIES)) {
    it.skipIf(wrong !== undefined)(
      `${name}${wrong === undefined ? '' : `: ${wrong}`}`,
      { timeout: LIMIT_MS },
      async () => {
        const files = filesOf(name);
        const [volume, ...more] = await readWithDcm2niix(files);
        expect(more).toEqual([]);
        expectSame(await readOurs(files), volume ?? { grid: gridOf([1, 1, 1]), values: new Uint8Array(1) }, dcm2niixMm);
      },
    );
  }
});

const python = names.length > 0 ? await pythonWith('simpleitk', ['SimpleITK==2.5.7', 'numpy==2.4.6']) : undefined;
describeWith('SimpleITK', python, 'no Python 3 with SimpleITK, or no shared/data', (program) => {
  let read: ReadonlyMap<string, Volume3D | undefined>;

  beforeAll(async () => {
    const volumes = await readWithSimpleItk(program, names.map(filesOf));
    read = new Map(names.map((name, index) => [name, volumes[index]]));
  }, LIMIT_MS);

  it.each(names)('%s', { timeout: LIMIT_MS }, async (name) => {
    const theirs = read.get(name);
    if (theirs === undefined) throw new Error('SimpleITK does not read it');
    expectSame(await readOurs(filesOf(name)), theirs, SERIES[name]?.simpleItkMm);
  });
});
