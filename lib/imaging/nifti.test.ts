import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { NiftiError, newNifti, readNifti, writeNifti } from './nifti.ts';
import { GRIDS, numbered } from './volume.fixture.ts';
import { cornersOf, type Grid, gridOf, sameGrid, type Voxels } from './volume.ts';

const REAL = path.join(import.meta.dirname, '../../../shared/data');

/** The header with some fields set otherwise: offset → value as written by `how`. */
function edited(bytes: Buffer, edit: (view: DataView) => void): Buffer {
  const copy = Buffer.from(bytes);
  edit(new DataView(copy.buffer, copy.byteOffset, copy.byteLength));
  return copy;
}

/** The same file as NIfTI-2, big endian. */
function asSecondBigEndian(bytes: Buffer): Buffer {
  const out = Buffer.alloc(544 + bytes.length - 352);
  out.writeInt32BE(540, 0);
  out.write('n+2\0\r\n\x1a\n', 4, 'latin1');
  out.writeInt16BE(bytes.readInt16LE(70), 12);
  out.writeInt16BE(bytes.readInt16LE(72), 14);
  for (let at = 0; at < 8; at++) {
    out.writeBigInt64BE(BigInt(bytes.readInt16LE(40 + 2 * at)), 16 + 8 * at);
    out.writeDoubleBE(bytes.readFloatLE(76 + 4 * at), 104 + 8 * at);
  }
  out.writeBigInt64BE(544n, 168);
  out.writeDoubleBE(1, 176);
  out.writeInt32BE(1, 348);
  for (let at = 0; at < 12; at++) out.writeDoubleBE(bytes.readFloatLE(280 + 4 * at), 400 + 8 * at);
  Buffer.from(bytes.subarray(352)).swap16().copy(out, 544);
  return out;
}

const withoutSform = (bytes: Buffer) => edited(bytes, (view) => view.setInt16(254, 0, true));
const withoutForms = (bytes: Buffer) => edited(withoutSform(bytes), (view) => view.setInt16(252, 0, true));

describe('NIfTI', () => {
  it.each(Object.entries(GRIDS))('%s: reads what it wrote, at the same places', (_, grid) => {
    const volume = numbered(grid);
    for (const bytes of [writeNifti(volume), gzipSync(writeNifti(volume)), asSecondBigEndian(writeNifti(volume))]) {
      const read = readNifti(bytes);
      expect(sameGrid(read.grid, grid, 1e-4)).toBe(true);
      expect(read.values).toEqual(volume.values);
    }
  });

  it.each<[string, Voxels]>([
    ['bytes', Uint8Array.from([0, 1, 255])],
    ['16-bit', Int16Array.from([-32768, 0, 32767])],
    ['unsigned 16-bit', Uint16Array.from([0, 1, 65535])],
    ['32-bit', Int32Array.from([-(2 ** 31), 0, 2 ** 31 - 1])],
    ['real', Float32Array.from([-1.5, 0, 3e30])],
  ])('keeps %s values', (_, values) => {
    expect(readNifti(writeNifti({ grid: gridOf([3, 1, 1]), values })).values).toEqual(values);
  });

  it('is RAS on disk', () => {
    const bytes = writeNifti(numbered(GRIDS.plain));
    const rows = Array.from({ length: 12 }, (_, at) => bytes.readFloatLE(280 + 4 * at));
    expect(rows).toEqual([-1, 0, 0, 7, 0, -1, 0, -11, 0, 0, 1, 13]);
  });

  it.each(['plain', 'reversed', 'sagittal', 'oblique'] as const)('%s: says the same in qform and sform', (name) => {
    const bytes = writeNifti(numbered(GRIDS[name]));
    expect(sameGrid(readNifti(withoutSform(bytes)).grid, GRIDS[name], 1e-4)).toBe(true);
  });

  it('writes no qform where the axes are not at right angles', () => {
    expect(writeNifti(numbered(GRIDS.tilted)).readInt16LE(252)).toBe(0);
  });

  it('reads a turn by half a circle about any axis', () => {
    for (const [x, y, z] of [
      [1, -1, -1],
      [-1, 1, -1],
      [-1, -1, 1],
      [1, 1, -1],
    ] as const) {
      const grid = gridOf(
        [2, 3, 4],
        [1, 2, 3],
        [5, 6, 7],
        [
          [x, 0, 0],
          [0, y, 0],
          [0, 0, z],
        ],
      );
      expect(sameGrid(readNifti(withoutSform(writeNifti(numbered(grid)))).grid, grid, 1e-5)).toBe(true);
    }
  });

  it('takes the spacing alone where nothing else is said', () => {
    const { grid } = readNifti(withoutForms(writeNifti(numbered(GRIDS.reversed))));
    expect(
      cornersOf(grid)
        .at(-1)
        ?.map((value) => value.toFixed(4)),
    ).toEqual(['-3.2000', '-1.8000', '5.0000']);
  });

  it('scales to real numbers, and takes a slope of 0 or no number as none', () => {
    const bytes = writeNifti({ grid: gridOf([3, 1, 1]), values: Int16Array.from([-1, 0, 2]) });
    const scaled = (slope: number, intercept: number) =>
      readNifti(
        edited(bytes, (view) => {
          view.setFloat32(112, slope, true);
          view.setFloat32(116, intercept, true);
        }),
      ).values;
    expect(scaled(0.5, 10)).toEqual(Float32Array.from([9.5, 10, 11]));
    expect(scaled(1, -1024)).toEqual(Float32Array.from([-1025, -1024, -1022]));
    expect(scaled(0, 0)).toEqual(Int16Array.from([-1, 0, 2]));
    expect(scaled(Number.NaN, 0)).toEqual(Int16Array.from([-1, 0, 2]));
  });

  it('reads one volume of several', () => {
    const grid: Grid = gridOf([2, 1, 3]);
    const four = edited(writeNifti(numbered(grid)), (view) => {
      view.setInt16(40, 4, true);
      view.setInt16(46, 1, true);
      view.setInt16(48, 3, true);
    });
    expect([...readNifti(four, 2).values]).toEqual([5, 6]);
    expect(() => readNifti(four, 3)).toThrow('has 3 volumes; there is no volume 4');
  });

  it('shares its memory with the bytes that it fills', () => {
    const { bytes, values } = newNifti(gridOf([2, 2, 2]), 'int16');
    values[7] = -5;
    expect(readNifti(bytes).values[7]).toBe(-5);
  });

  it.each<[string, (whole: Buffer) => Uint8Array, string]>([
    ['a short file', (whole) => whole.subarray(0, 100), 'too short'],
    ['what begins otherwise', (whole) => Buffer.alloc(whole.length, 7), 'does not begin as NIfTI does'],
    ['a missing end', (whole) => whole.subarray(0, whole.length - 1), 'ends before its last voxel'],
    ['a damaged archive', (whole) => gzipSync(whole).subarray(0, 60), 'damaged or cut short'],
    ['colours', (whole) => edited(whole, (view) => view.setInt16(70, 128, true)), 'data type 128'],
    ['no size', (whole) => edited(whole, (view) => view.setInt16(42, 0, true)), 'no possible size'],
    ['half of a pair', (whole) => edited(whole, (view) => view.setUint8(345, 105)), 'no pairs of .hdr and .img'],
  ])('refuses %s', (_, damage, message) => {
    const refused = () => readNifti(damage(writeNifti(numbered(GRIDS.plain))));
    expect(refused).toThrow(NiftiError);
    expect(refused).toThrow(message);
  });
});

describe.skipIf(!existsSync(REAL))('real NIfTI files', () => {
  it('reads the head of 256³ voxels that points to L, I and A in RAS', () => {
    const { grid, values } = readNifti(readFileSync(path.join(REAL, '00-brain-t1-nifti/t1_crop.nii.gz')));
    expect([grid.size, values.constructor.name]).toEqual([[256, 256, 256], 'Uint8Array']);
    expect(grid.affine.map(Math.round)[0]).toBe(1);
  });
});
