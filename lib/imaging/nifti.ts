import { gunzipSync } from 'node:zlib';
import { column, compose, fromColumns, length, type Matrix, matrixOf, scaled } from './affine.ts';
import { countOf, type Grid, isRectangular, isRightHanded, spacingOf, type Volume3D, type Voxels } from './volume.ts';

/** The bytes are no NIfTI that is read here; the message is a sentence for a person. */
export class NiftiError extends Error {
  override readonly name = 'NiftiError';
}

/** Where the voxels begin in a file that we write: header, and four bytes that say that there is no extension. */
const VOXELS_AT = 352;
/** NIFTI_XFORM_SCANNER_ANAT: positions are the scanner's. */
const SCANNER = 1;

/** Codes of data types. Source: nifti1.h. */
const TYPES = {
  2: { bytes: 1, kind: 'uint8' },
  4: { bytes: 2, kind: 'int16' },
  8: { bytes: 4, kind: 'int32' },
  16: { bytes: 4, kind: 'float32' },
  64: { bytes: 8, kind: 'float64' },
  256: { bytes: 1, kind: 'int8' },
  512: { bytes: 2, kind: 'uint16' },
  768: { bytes: 4, kind: 'uint32' },
  1024: { bytes: 8, kind: 'int64' },
  1280: { bytes: 8, kind: 'uint64' },
} as const;
type DataType = keyof typeof TYPES;
type Kind = (typeof TYPES)[DataType]['kind'];

/**
 * NIfTI's RAS to and from our LPS: x and y change sign. The one place where it is done; it undoes itself.
 *
 * @param affine index → mm
 */
function flipRasLps(affine: Matrix): Matrix {
  return compose([-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0], affine);
}

/**
 * Reads one volume of a NIfTI-1 or NIfTI-2 file (`.nii`, `.nii.gz`), in either byte order.
 *
 * The sform decides where the voxels lie, else the qform, else the spacing alone with the first voxel at the origin.
 * Values are as stored where the file scales nothing (64-bit integers as Float64Array), else Float32Array. Without scaling
 * and with an even address the array shares the memory of `bytes`.
 *
 * @param volume of a file with several, from 0
 * @returns positions in LPS, whatever the file has
 * @throws {NiftiError} it is no NIfTI, has no such volume, colours or complex numbers, or ends too early
 */
export function readNifti(bytes: Uint8Array, volume = 0): Volume3D {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? unzip(bytes) : bytes;
  const header = readHeader(plain);
  if (volume < 0 || volume >= header.volumes) {
    throw new NiftiError(`The NIfTI file has ${header.volumes} volumes; there is no volume ${volume + 1}.`);
  }
  const type = TYPES[header.type];
  const count = countOf(header.grid);
  const from = header.offset + volume * count * type.bytes;
  if (from + count * type.bytes > plain.length) {
    throw new NiftiError('The NIfTI file ends before its last voxel.');
  }
  const stored = voxelsOf(plain.subarray(from, from + count * type.bytes), type.kind, header.littleEndian);
  const { slope, intercept } = header;
  const isScaled = Number.isFinite(slope) && slope !== 0 && (slope !== 1 || intercept !== 0);
  return { grid: header.grid, values: isScaled ? scale(stored, slope, intercept) : stored };
}

interface Header {
  readonly littleEndian: boolean;
  readonly grid: Grid;
  readonly volumes: number;
  readonly type: DataType;
  readonly offset: number;
  readonly slope: number;
  readonly intercept: number;
}

function unzip(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new NiftiError('The compressed NIfTI file is damaged or cut short.', { cause });
  }
}

function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < VOXELS_AT - 4) throw new NiftiError('The file is too short to be NIfTI.');
  for (const littleEndian of [true, false]) {
    const size = view.getInt32(0, littleEndian);
    if (size === 348) return readVersion(new Fields(view, littleEndian, 1));
    if (size === 540 && bytes.length >= 540) return readVersion(new Fields(view, littleEndian, 2));
  }
  throw new NiftiError('The file does not begin as NIfTI does.');
}

/** The fields of a header by the offsets of NIfTI-1 and NIfTI-2: these have 16 and 64 bits, or 32 and 64. */
class Fields {
  readonly view: DataView;
  readonly littleEndian: boolean;
  readonly #second: boolean;

  constructor(view: DataView, littleEndian: boolean, version: 1 | 2) {
    this.view = view;
    this.littleEndian = littleEndian;
    this.#second = version === 2;
  }

  short(first: number, second: number): number {
    return this.view.getInt16(this.#second ? second : first, this.littleEndian);
  }

  code(first: number, second: number): number {
    return this.#second ? this.view.getInt32(second, this.littleEndian) : this.view.getInt16(first, this.littleEndian);
  }

  dimension(index: number): number {
    if (!this.#second) return this.view.getInt16(40 + 2 * index, this.littleEndian);
    return Number(this.view.getBigInt64(16 + 8 * index, this.littleEndian));
  }

  offset(): number {
    if (!this.#second) return this.view.getFloat32(108, this.littleEndian);
    return Number(this.view.getBigInt64(168, this.littleEndian));
  }

  real(first: number, second: number, index = 0): number {
    return this.#second
      ? this.view.getFloat64(second + 8 * index, this.littleEndian)
      : this.view.getFloat32(first + 4 * index, this.littleEndian);
  }

  magic(): string {
    const at = this.#second ? 4 : 344;
    return String.fromCharCode(this.view.getUint8(at), this.view.getUint8(at + 1), this.view.getUint8(at + 2));
  }
}

function readVersion(fields: Fields): Header {
  if (!/^n\+[12]$/.test(fields.magic())) {
    throw new NiftiError('Only single NIfTI files are read (.nii, .nii.gz), no pairs of .hdr and .img.');
  }
  const type = fields.short(70, 12);
  if (!isDataType(type)) {
    throw new NiftiError(`The NIfTI file has voxels of data type ${type}; only whole and real numbers are read.`);
  }
  const dimensions = Array.from({ length: 8 }, (_, index) => fields.dimension(index));
  const [used = 0, ...sizes] = dimensions;
  const size = (axis: number) => (axis < used ? (sizes[axis] ?? 1) : 1);
  if (used < 1 || used > 7 || sizes.slice(0, used).some((one) => one < 1)) {
    throw new NiftiError('The NIfTI file says no possible size.');
  }
  const grid: Grid = { size: [size(0), size(1), size(2)], affine: [...flipRasLps(affineOf(fields))] };
  return {
    littleEndian: fields.littleEndian,
    grid,
    volumes: size(3) * size(4) * size(5) * size(6),
    type,
    offset: fields.offset(),
    slope: fields.real(112, 176),
    intercept: fields.real(116, 184),
  };
}

function isDataType(type: number): type is DataType {
  return type in TYPES;
}

/** Index → RAS. */
function affineOf(fields: Fields): Matrix {
  const pixdim = (index: number) => fields.real(76, 104, index);
  if (fields.code(254, 348) > 0) {
    return matrixOf(Array.from({ length: 12 }, (_, index) => fields.real(280, 400, index)));
  }
  const positive = (value: number) => (Number.isFinite(value) && value !== 0 ? Math.abs(value) : 1);
  const [x, y, z] = [positive(pixdim(1)), positive(pixdim(2)), positive(pixdim(3))];
  const sign = pixdim(0) < 0 ? -1 : 1;
  if (fields.code(252, 344) <= 0) return [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0];
  const rotation = rotationOf(fields.real(256, 352), fields.real(260, 360), fields.real(264, 368));
  return fromColumns(
    scaled(column(rotation, 0), x),
    scaled(column(rotation, 1), y),
    scaled(column(rotation, 2), z * sign),
    [fields.real(268, 376), fields.real(272, 384), fields.real(276, 392)],
  );
}

/** Of a unit quaternion whose first part is what the other three leave. */
function rotationOf(b: number, c: number, d: number): Matrix {
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  return [
    a * a + b * b - c * c - d * d,
    2 * (b * c - a * d),
    2 * (b * d + a * c),
    0,
    2 * (b * c + a * d),
    a * a + c * c - b * b - d * d,
    2 * (c * d - a * b),
    0,
    2 * (b * d - a * c),
    2 * (c * d + a * b),
    a * a + d * d - b * b - c * c,
    0,
  ];
}

function voxelsOf(bytes: Uint8Array, kind: Kind, littleEndian: boolean): Voxels {
  const size = kind.endsWith('8') ? 1 : Number(kind.replace(/\D+/, '')) / 8;
  const ordered = littleEndian || size === 1 ? bytes : swapped(bytes, size);
  const own = ordered.byteOffset % size === 0 ? ordered : new Uint8Array(ordered);
  const [buffer, offset, count] = [own.buffer, own.byteOffset, own.length / size];
  switch (kind) {
    case 'uint8':
      return new Uint8Array(buffer, offset, count);
    case 'int8':
      return new Int8Array(buffer, offset, count);
    case 'int16':
      return new Int16Array(buffer, offset, count);
    case 'uint16':
      return new Uint16Array(buffer, offset, count);
    case 'int32':
      return new Int32Array(buffer, offset, count);
    case 'uint32':
      return new Uint32Array(buffer, offset, count);
    case 'float32':
      return new Float32Array(buffer, offset, count);
    case 'float64':
      return new Float64Array(buffer, offset, count);
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer, offset, count), Number);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer, offset, count), Number);
  }
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = Buffer.from(bytes);
  if (size === 2) return out.swap16();
  return size === 4 ? out.swap32() : out.swap64();
}

function scale(values: Voxels, slope: number, intercept: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let at = 0; at < out.length; at++) out[at] = (values[at] ?? 0) * slope + intercept;
  return out;
}

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

/** The unit quaternion of a rotation, its first part not negative. Source: nifti_mat44_to_quatern of nifti1_io.c. */
function quaternionOf(rotation: Matrix): { b: number; c: number; d: number } {
  const [x, y, z] = [column(rotation, 0), column(rotation, 1), column(rotation, 2)];
  const [xx, yy, zz] = [x[0], y[1], z[2]];
  const norm = (b: number, c: number, d: number, a: number) => {
    const sign = a < 0 ? -1 : 1;
    return { b: b * sign, c: c * sign, d: d * sign };
  };
  if (xx + yy + zz > 0) {
    const a = Math.sqrt(1 + xx + yy + zz) / 2;
    return norm((y[2] - z[1]) / (4 * a), (z[0] - x[2]) / (4 * a), (x[1] - y[0]) / (4 * a), a);
  }
  if (xx >= yy && xx >= zz) {
    const b = Math.sqrt(Math.max(0, 1 + xx - yy - zz)) / 2;
    return norm(b, (y[0] + x[1]) / (4 * b), (z[0] + x[2]) / (4 * b), (y[2] - z[1]) / (4 * b));
  }
  if (yy >= zz) {
    const c = Math.sqrt(Math.max(0, 1 + yy - xx - zz)) / 2;
    return norm((y[0] + x[1]) / (4 * c), c, (z[1] + y[2]) / (4 * c), (z[0] - x[2]) / (4 * c));
  }
  const d = Math.sqrt(Math.max(0, 1 + zz - xx - yy)) / 2;
  return norm((z[0] + x[2]) / (4 * d), (z[1] + y[2]) / (4 * d), d, (x[1] - y[0]) / (4 * d));
}
