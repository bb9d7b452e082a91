import { decodeCodestream } from './codecs.ts';
import { type CodestreamHead, readCodestreamHead } from './codestream.ts';
import { type Dataset, readPart10 } from './dataset.ts';
import { encapsulatedFrame, heldPixelBytes, nativeFrame } from './frames.ts';
import {
  decodedBytes,
  describePixels,
  PixelDataError,
  type PixelDescription,
  refuseAbsurdSize,
  samplesOf,
  sizeText,
} from './pixel-description.ts';
import { decodeRle } from './rle.ts';
import { type Compression, transferSyntax } from './transfer-syntax.ts';

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

export interface DecodeOptions {
  /** Bytes that a decoded frame may have: 512 MB. */
  readonly largestFrame?: number;
  /** How long a compressed frame may take, ms: 10 s, and half a second more for each MB of the decoded frame. */
  readonly timeLimitMs?: number;
}

/**
 * Decodes a frame of a Part 10 file. Colours stay in the file's colour space, except where the compression itself
 * transforms them: `photometricInterpretation` says what the pixels are.
 *
 * @param frame from 0
 * @throws {MalformedDicomError} it is no DICOM
 * @throws {PixelDataError} it has no such pixels, claims more than it holds, or its compression is damaged or unknown
 */
export async function decodeFrame(bytes: Uint8Array, frame = 0, options: DecodeOptions = {}): Promise<DecodedImage> {
  const { dataset, meta } = readPart10(bytes);
  return decodeFrameOf(dataset, meta.TransferSyntaxUID, frame, options);
}

/** As `decodeFrame`, for a data set that is read already. @throws {PixelDataError} */
export async function decodeFrameOf(
  dataset: Dataset,
  transferSyntaxUid: string,
  frame = 0,
  { largestFrame = 1 << 29, timeLimitMs }: DecodeOptions = {},
): Promise<DecodedImage> {
  const { compression, lossy, name } = transferSyntax(transferSyntaxUid);
  const held = heldPixelBytes(dataset);
  const description = describePixels(dataset);
  refuseAbsurdSize(description, held, largestFrame);
  if (!Number.isInteger(frame) || frame < 0 || frame >= description.numberOfFrames) {
    throw new PixelDataError(`The image has ${description.numberOfFrames} frames; there is no frame ${frame + 1}.`);
  }
  if (compression === 'other') throw new PixelDataError(`Pixels in this transfer syntax are not read here: ${name}.`);
  const { planarConfiguration, numberOfFrames, ...image } = description;
  const decoded =
    compression === 'native'
      ? decodeNative(dataset, description, frame)
      : await decodeCompressed(dataset, description, frame, compression, timeLimitMs);
  return {
    ...image,
    photometricInterpretation: photometricAfter(description, compression),
    pixels: decoded.pixels,
    lossy: lossy === 'always' || decoded.lossy || dataset.text('LossyImageCompression') === '01',
  };
}

interface DecodedFrame {
  readonly pixels: PixelArray;
  readonly lossy: boolean;
}

async function decodeCompressed(
  dataset: Dataset,
  description: PixelDescription,
  frame: number,
  compression: Compression,
  timeLimitMs = Math.round(10_000 + decodedBytes(description) / 2000),
): Promise<DecodedFrame> {
  const encoded = encapsulatedFrame(dataset, description, frame);
  if (compression === 'rle') return { pixels: toArray(decodeRle(encoded, description), description), lossy: false };
  const head = readCodestreamHead(encoded, compression);
  if (head !== undefined) refuseOtherImage(head, description);
  const decoded = await decodeCodestream(encoded, compression, description, timeLimitMs);
  const samples = decoded.planar ? interleave(decoded.bytes, description) : decoded.bytes;
  return { pixels: toArray(samples, description), lossy: head?.lossy ?? false };
}

function refuseOtherImage(head: CodestreamHead, description: PixelDescription): void {
  if (head.columns !== description.columns || head.rows !== description.rows) {
    throw new PixelDataError(
      `The image claims ${sizeText(description)} pixels, but its compressed frame has ${sizeText(head)}.`,
    );
  }
  if (head.components !== description.samplesPerPixel || head.precision > description.bitsAllocated) {
    throw new PixelDataError(
      `The image claims ${description.samplesPerPixel} samples of ${description.bitsAllocated} bits, but its compressed frame has ${head.components} of ${head.precision}.`,
    );
  }
}

/** The inverse colour transform is part of decoding JPEG 2000, and so is filling in the chrominance that 422 leaves out. */
function photometricAfter({ photometricInterpretation }: PixelDescription, compression: Compression): string {
  if (compression !== 'native' && /^YBR_(RCT|ICT)$/.test(photometricInterpretation)) return 'RGB';
  return photometricInterpretation.replace(/^YBR_FULL_422$/, 'YBR_FULL');
}

function decodeNative(dataset: Dataset, description: PixelDescription, frame: number): DecodedFrame {
  const { bytes, firstBit } = nativeFrame(dataset, description, frame);
  if (description.bitsAllocated === 1)
    return { pixels: unpackBits(bytes, firstBit, samplesOf(description)), lossy: false };
  const { littleEndian } = dataset.set.source;
  const ordered =
    littleEndian || description.bitsAllocated === 8 ? bytes : swapBytes(bytes, description.bitsAllocated / 8);
  return { pixels: toArray(arrange(ordered, description), description), lossy: false };
}

function arrange(bytes: Uint8Array, description: PixelDescription): Uint8Array {
  if (description.photometricInterpretation === 'YBR_FULL_422') return upsample422(bytes, description);
  return description.planarConfiguration === 1 ? interleave(bytes, description) : bytes;
}

/** From two luminances and the chrominance they share (Y Y Cb Cr) to Y Cb Cr for each pixel (PS3.3 C.7.6.3.1.2). */
function upsample422(bytes: Uint8Array, description: PixelDescription): Uint8Array {
  const out = new Uint8Array(samplesOf(description));
  const pixels = description.rows * description.columns;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const pair = (pixel >> 1) * 4;
    out[pixel * 3] = bytes[pair + (pixel & 1)] ?? 0;
    out[pixel * 3 + 1] = bytes[pair + 2] ?? 0;
    out[pixel * 3 + 2] = bytes[pair + 3] ?? 0;
  }
  return out;
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
