import { gunzipSync } from 'node:zlib';
import { column, fromColumns, type Matrix, matrixOf, scaled } from '../affine.ts';
import { countOf, type Grid, type Volume3D, type Voxels } from '../volume.ts';
import { type DataType, flipRasLps, NiftiError, TYPES, VOXELS_AT, voxelsOf } from './format.ts';
import { rotationOf } from './quaternion.ts';

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

function scale(values: Voxels, slope: number, intercept: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let at = 0; at < out.length; at++) out[at] = (values[at] ?? 0) * slope + intercept;
  return out;
}
