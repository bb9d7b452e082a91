import type { Dataset } from './dataset.ts';
import { type DataElement, type Fragment, PIXEL_DATA } from './elements.ts';
import {
  bytesText,
  holdsPixels,
  PixelDataError,
  type PixelDescription,
  samplesOf,
  sizeText,
} from './pixel-description.ts';

/**
 * The bytes of one native frame as the file writes them; for bit images of several frames the byte in which the frame
 * begins, with the bit.
 *
 * @throws {PixelDataError} there is no such frame
 */
export function nativeFrame(
  dataset: Dataset,
  description: PixelDescription,
  frame: number,
): { bytes: Uint8Array; firstBit: number } {
  const value = pixelBytes(dataset, pixelElement(dataset), description.bitsAllocated);
  const bits = bitsOf(description);
  const end = Math.ceil(((frame + 1) * bits) / 8);
  if (value.length < end) {
    throw new PixelDataError(
      `The image claims ${framesText(description)}${sizeText(description)} pixels, but holds ${bytesText(value.length)} of pixel data.`,
    );
  }
  const start = Math.floor((frame * bits) / 8);
  return { bytes: value.subarray(start, end), firstBit: (frame * bits) % 8 };
}

/**
 * The codestream of one encapsulated frame. Source: PS3.5 A.4.
 *
 * @throws {PixelDataError} there is no such frame
 */
export function encapsulatedFrame(dataset: Dataset, description: PixelDescription, frame: number): Uint8Array {
  const element = pixelElement(dataset);
  if (element.fragments === undefined)
    throw new PixelDataError('The transfer syntax says that the pixels are compressed, but they are not encapsulated.');
  const { bytes, view } = dataset.set.source;
  const [table, ...fragments] = element.fragments;
  const offsets = extendedOffsets(dataset) ?? basicOffsets(view, table);
  const own = fragmentsOf(fragments, offsets, description.numberOfFrames, frame, bytes);
  if (own.length === 0)
    throw new PixelDataError(
      `The image claims ${description.numberOfFrames} frames, but holds no pixel data for frame ${frame + 1}.`,
    );
  const parts = own.map(({ offset, length }) => bytes.subarray(offset, offset + length));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

function basicOffsets(view: DataView, table: Fragment | undefined): number[] {
  const count = Math.floor((table?.length ?? 0) / 4);
  return Array.from({ length: count }, (_, index) => view.getUint32((table?.offset ?? 0) + index * 4, true));
}

/** The table for images beyond 4 GB (PS3.3 C.7.6.3.1.8). */
function extendedOffsets(dataset: Dataset): number[] | undefined {
  const table = dataset.bytes('ExtendedOffsetTable');
  if (table === undefined || table.length === 0) return undefined;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  return Array.from({ length: Math.floor(table.length / 8) }, (_, index) => Number(view.getBigUint64(index * 8, true)));
}

/** Bytes of pixel data that the file holds, compressed or not. */
export function heldPixelBytes(dataset: Dataset): number {
  const element = pixelElement(dataset);
  return Math.min(element.length, dataset.set.source.bytes.length - element.offset);
}

function pixelElement(dataset: Dataset): DataElement {
  const element = dataset.set.elements.get(PIXEL_DATA);
  if (element !== undefined) return element;
  if (holdsPixels(dataset)) {
    throw new PixelDataError('The file holds floating point pixels, which are not read here.');
  }
  throw new PixelDataError('The file holds no pixel data.');
}

function pixelBytes(dataset: Dataset, element: DataElement, bitsAllocated: number): Uint8Array {
  const { bytes, littleEndian } = dataset.set.source;
  if (element.fragments !== undefined) {
    // Encapsulated Uncompressed: the fragments hold native frames.
    return Buffer.concat(
      element.fragments.slice(1).map(({ offset, length }) => bytes.subarray(offset, offset + length)),
    );
  }
  const value = bytes.subarray(element.offset, element.offset + element.length);
  // Words of a big endian file hold the earlier of two 8-bit samples in their lower half (PS3.5 section 8.1.1).
  const swapped = !littleEndian && element.vr === 'OW' && bitsAllocated <= 8 && value.length % 2 === 0;
  return swapped ? Buffer.from(value).swap16() : value;
}

function bitsOf(description: PixelDescription): number {
  if (description.photometricInterpretation.endsWith('_422'))
    return description.rows * description.columns * 2 * description.bitsAllocated;
  return samplesOf(description) * description.bitsAllocated;
}

function framesText({ numberOfFrames }: PixelDescription): string {
  return numberOfFrames === 1 ? '' : `${numberOfFrames} frames of `;
}

/**
 * The fragments of a frame: by the offset table where it fits, one each where there are as many as frames, else by
 * the marker with which a codestream begins.
 */
function fragmentsOf(
  fragments: readonly Fragment[],
  offsets: readonly number[],
  numberOfFrames: number,
  frame: number,
  bytes: Uint8Array,
): readonly Fragment[] {
  if (numberOfFrames === 1) return frame === 0 ? fragments : [];
  const origin = fragments[0]?.itemOffset ?? 0;
  if (offsets.length === numberOfFrames) {
    const from = origin + (offsets[frame] ?? Number.POSITIVE_INFINITY);
    const to = origin + (offsets[frame + 1] ?? Number.POSITIVE_INFINITY);
    const own = fragments.filter(({ itemOffset }) => itemOffset >= from && itemOffset < to);
    if (own.length > 0) return own;
  }
  if (fragments.length === numberOfFrames) return fragments.slice(frame, frame + 1);
  const starts = fragments.flatMap((fragment, index) => (beginsCodestream(bytes, fragment) ? [index] : []));
  if (starts.length !== numberOfFrames) return [];
  return fragments.slice(starts[frame], starts[frame + 1]);
}

/** SOI of JPEG and JPEG-LS, SOC of JPEG 2000. */
function beginsCodestream(bytes: Uint8Array, { offset }: Fragment): boolean {
  return (
    bytes[offset] === 0xff && (bytes[offset + 1] === 0xd8 || (bytes[offset + 1] === 0x4f && bytes[offset + 2] === 0xff))
  );
}
