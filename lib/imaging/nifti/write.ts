import { column, fromColumns, length, type Matrix, matrixOf, scaled } from '../affine.ts';
import { countOf, type Grid, isRectangular, isRightHanded, spacingOf, type Volume3D, type Voxels } from '../volume.ts';
import { type DataType, flipRasLps, NiftiError, TYPES, VOXELS_AT, voxelsOf } from './format.ts';
import { quaternionOf } from './quaternion.ts';

/** NIFTI_XFORM_SCANNER_ANAT: positions are the scanner's. */
const SCANNER = 1;

/** Kinds of voxels that we write. */
export type WrittenKind = 'uint8' | 'int16' | 'uint16' | 'int32' | 'float32';
const CODES: Readonly<Record<WrittenKind, DataType>> = { uint8: 2, int16: 4, int32: 8, float32: 16, uint16: 512 };

/**
 * The bytes of a NIfTI-1 file whose voxels are still 0, and the array to fill them in, which shares the memory.
 *
 * @param grid in LPS
 */
export function newNifti(grid: Grid, kind: WrittenKind): { bytes: Buffer; values: Voxels } {
  const type = CODES[kind];
  const count = countOf(grid);
  const bytes = Buffer.from(new ArrayBuffer(VOXELS_AT + count * TYPES[type].bytes));
  writeHeader(bytes, grid, type);
  return { bytes, values: voxelsOf(bytes.subarray(VOXELS_AT), kind, true) };
}

/**
 * A volume as an uncompressed little-endian NIfTI-1 file with an sform, and a qform where the axes are at right angles (it
 * can say nothing else).
 *
 * @throws {NiftiError} its values are of a kind that is not written: 8-bit unsigned, 16-bit, 32-bit signed integers and
 *   32-bit floats are
 */
export function writeNifti({ grid, values }: Volume3D): Buffer {
  const file = newNifti(grid, kindOf(values));
  file.values.set(values);
  return file.bytes;
}

/** How voxels are written. @throws {NiftiError} */
function kindOf(values: Voxels): WrittenKind {
  if (values instanceof Uint8Array) return 'uint8';
  if (values instanceof Int16Array) return 'int16';
  if (values instanceof Uint16Array) return 'uint16';
  if (values instanceof Int32Array) return 'int32';
  if (values instanceof Float32Array) return 'float32';
  throw new NiftiError(`${values.constructor.name} is no kind of voxels that NIfTI files are written with here.`);
}

function writeHeader(out: Buffer, grid: Grid, type: DataType): void {
  const [columns, rows, slices] = grid.size;
  if (Math.max(columns, rows, slices) > 32_767) throw new NiftiError('NIfTI-1 has at most 32767 voxels along an axis.');
  const ras = flipRasLps(matrixOf(grid.affine));
  out.writeInt32LE(348, 0);
  [3, columns, rows, slices, 1, 1, 1, 1].forEach((size, index) => void out.writeInt16LE(size, 40 + 2 * index));
  out.writeInt16LE(type, 70);
  out.writeInt16LE(TYPES[type].bytes * 8, 72);
  const handed = isRightHanded(grid) ? 1 : -1;
  [handed, ...spacingOf(grid), 0, 0, 0, 0].forEach((value, index) => void out.writeFloatLE(value, 76 + 4 * index));
  out.writeFloatLE(VOXELS_AT, 108);
  out.writeFloatLE(1, 112);
  // Units: mm.
  out.writeUInt8(2, 123);
  if (isRectangular(grid)) writeQuaternion(out, ras, handed);
  out.writeInt16LE(SCANNER, 254);
  ras.forEach((value, index) => void out.writeFloatLE(value, 280 + 4 * index));
  out.write('n+1\0', 344, 'latin1');
}

/** @param ras index → RAS; its determinant has the sign of `handed` */
function writeQuaternion(out: Buffer, ras: Matrix, handed: 1 | -1): void {
  const unit = (axis: 0 | 1 | 2, sign = 1) => scaled(column(ras, axis), sign / length(column(ras, axis)));
  const rotation = fromColumns(unit(0), unit(1), unit(2, handed), [0, 0, 0]);
  const { b, c, d } = quaternionOf(rotation);
  out.writeInt16LE(SCANNER, 252);
  [b, c, d, ras[3], ras[7], ras[11]].forEach((value, index) => void out.writeFloatLE(value, 256 + 4 * index));
}
