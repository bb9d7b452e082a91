import { decodeCodestream } from './codecs.ts';
import { type Dataset, readPart10 } from './dataset.ts';
import { encapsulatedFrame, heldPixelBytes, nativeFrame } from './frames.ts';
import {
  describePixels,
  PixelDataError,
  type PixelDescription,
  refuseAbsurdSize,
  samplesOf,
} from './pixel-description.ts';
import { decodeRle } from './rle.ts';
import { transferSyntax } from './transfer-syntax.ts';

export { PixelDataError };

export type PixelArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

/** One frame, decoded. */
export interface DecodedImage {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** Row by row from the top left, the samples of a pixel together; whole cells as stored, see `storedValues`. A bit image has one byte a pixel. */
  readonly pixels: PixelArray;
  /** Somewhere on its way here the image lost information. */
  readonly lossy: boolean;
}

/**
 * Decodes a frame of a Part 10 file; colours stay in the file's own colour space.
 *
 * @param frame from 0
 * @throws {MalformedDicomError} it is no DICOM
 * @throws {PixelDataError} it has no such pixels, claims more than it holds, or its compression is damaged or unknown
 */
export async function decodeFrame(bytes: Uint8Array, frame = 0): Promise<DecodedImage> {
  const { dataset, meta } = readPart10(bytes);
  return decodeFrameOf(dataset, meta.TransferSyntaxUID, frame);
}

/** As `decodeFrame`, for a data set that is read already. */
export async function decodeFrameOf(dataset: Dataset, transferSyntaxUid: string, frame = 0): Promise<DecodedImage> {
  const syntax = transferSyntax(transferSyntaxUid);
  const held = heldPixelBytes(dataset);
  const description = describePixels(dataset);
  refuseAbsurdSize(description, held);
  if (!Number.isInteger(frame) || frame < 0 || frame >= description.numberOfFrames) {
    throw new PixelDataError(`The image has ${description.numberOfFrames} frames; there is no frame ${frame + 1}.`);
  }
  const lossy = syntax.lossy === 'always' || dataset.text('LossyImageCompression') === '01';
  const { rows, columns, samplesPerPixel, photometricInterpretation, bitsAllocated, bitsStored, highBit, signed } =
    description;
  const image = {
    rows,
    columns,
    samplesPerPixel,
    photometricInterpretation,
    bitsAllocated,
    bitsStored,
    highBit,
    signed,
  };
  if (syntax.compression === 'native') return { ...image, pixels: decodeNative(dataset, description, frame), lossy };
  if (syntax.compression === 'other')
    throw new PixelDataError(`The pixels are in a transfer syntax that cannot be decoded here: ${syntax.name}.`);
  const encoded = encapsulatedFrame(dataset, description, frame);
  if (syntax.compression === 'rle')
    return { ...image, pixels: toArray(decodeRle(encoded, description), description), lossy };
  const decoded = await decodeCodestream(encoded, syntax.compression, description);
  const samples = decoded.planar ? interleave(decoded.bytes, description) : decoded.bytes;
  return { ...image, pixels: toArray(samples, description), lossy };
}

function decodeNative(dataset: Dataset, description: PixelDescription, frame: number): PixelArray {
  const { bytes, firstBit } = nativeFrame(dataset, description, frame);
  if (description.bitsAllocated === 1) return unpackBits(bytes, firstBit, samplesOf(description));
  const { littleEndian } = dataset.set.source;
  const ordered =
    littleEndian || description.bitsAllocated === 8 ? bytes : swapBytes(bytes, description.bitsAllocated / 8);
  return toArray(description.planarConfiguration === 1 ? interleave(ordered, description) : ordered, description);
}

/** The least significant bit of a byte is the first pixel (PS3.5 section 8.1.1). */
function unpackBits(bytes: Uint8Array, firstBit: number, count: number): Uint8Array {
  const out = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const bit = firstBit + index;
    out[index] = ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  }
  return out;
}

function swapBytes(bytes: Uint8Array, size: number): Uint8Array {
  const out = Buffer.from(bytes);
  return size === 2 ? out.swap16() : out.swap32();
}

/** From plane after plane to pixel after pixel. */
function interleave(
  bytes: Uint8Array,
  { rows, columns, samplesPerPixel, bitsAllocated }: PixelDescription,
): Uint8Array {
  const size = bitsAllocated / 8;
  const pixels = rows * columns;
  const out = new Uint8Array(pixels * samplesPerPixel * size);
  for (let sample = 0; sample < samplesPerPixel; sample++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let byte = 0; byte < size; byte++) {
        out[(pixel * samplesPerPixel + sample) * size + byte] = bytes[(sample * pixels + pixel) * size + byte] ?? 0;
      }
    }
  }
  return out;
}

/** A copy, since the bytes may begin at an odd address and belong to the file. */
function toArray(bytes: Uint8Array, description: PixelDescription): PixelArray {
  const { bitsAllocated, signed } = description;
  const count = samplesOf(description);
  const own = new Uint8Array(bytes.subarray(0, count * Math.max(1, bitsAllocated / 8))).buffer;
  if (bitsAllocated === 32) return signed ? new Int32Array(own) : new Uint32Array(own);
  if (bitsAllocated === 16) return signed ? new Int16Array(own) : new Uint16Array(own);
  return signed ? new Int8Array(own) : new Uint8Array(own);
}

/**
 * The values of an image: only the BitsStored below HighBit, sign extended. What stands in the other bits (old files
 * keep overlays there) is gone. Without such bits the pixels themselves, not a copy.
 */
export function storedValues(image: DecodedImage): PixelArray {
  const { bitsAllocated, bitsStored, highBit, signed, pixels } = image;
  if (bitsStored >= bitsAllocated) return pixels;
  const left = 31 - highBit;
  const right = 32 - bitsStored;
  return signed ? pixels.map((cell) => (cell << left) >> right) : pixels.map((cell) => (cell << left) >>> right);
}
