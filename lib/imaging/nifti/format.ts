import { compose, type Matrix } from '../affine.ts';
import type { Voxels } from '../volume.ts';

/** The bytes are no NIfTI that is read here; the message is a sentence for a person. */
export class NiftiError extends Error {
  override readonly name = 'NiftiError';
}

/** Where the voxels begin in a file that we write: header, and four bytes that say that there is no extension. */
export const VOXELS_AT = 352;

/** Codes of data types. Source: nifti1.h. */
export const TYPES = {
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
export type DataType = keyof typeof TYPES;
export type Kind = (typeof TYPES)[DataType]['kind'];

/**
 * NIfTI's RAS to and from our LPS: x and y change sign. The one place where it is done; it undoes itself.
 *
 * @param affine index → mm
 */
export function flipRasLps(affine: Matrix): Matrix {
  return compose([-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0], affine);
}

/** Bytes as numbers of a kind; they share the memory where byte order and address allow it. */
export function voxelsOf(bytes: Uint8Array, kind: Kind, littleEndian: boolean): Voxels {
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
