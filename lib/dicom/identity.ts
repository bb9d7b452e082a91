import { type Part10, readPart10 } from './dataset.ts';
import { tagNumber, vrOfTag } from './dictionary.ts';
import { type DataElement, type ElementSet, readItems, type Source } from './elements.ts';
import { describePixels } from './pixel-description.ts';
import { type DecodedImage, decodeFrameOf, PixelDataError, storedValues } from './pixels.ts';

/**
 * `identical`: the same bytes of the data set. `re-encoded`: the same attributes and pixels, written in another way
 * without loss. `different`: anything else, and all that cannot be proven equal.
 */
export type Comparison = 'identical' | 're-encoded' | 'different';

/**
 * What transcoding may add, drop or change without changing the image: how the pixels are laid out, and what was done
 * (dcmtk describes a lossless compression, others say `00` for lossy). Whether the image is lossy is compared by itself.
 */
const TRANSCODED: ReadonlySet<number> = new Set(
  [
    'PixelData',
    'DerivationDescription',
    'LossyImageCompression',
    'PhotometricInterpretation',
    'PlanarConfiguration',
    'ExtendedOffsetTable',
    'ExtendedOffsetTableLengths',
    'EncapsulatedPixelDataValueTotalLength',
    'DataSetTrailingPadding',
  ].map(tagNumber),
);

const SWAPPED_BYTES: Readonly<Record<string, 2 | 4 | 8>> = {
  AT: 2,
  FD: 8,
  FL: 4,
  OD: 8,
  OF: 4,
  OL: 4,
  OV: 8,
  OW: 2,
  SL: 4,
  SS: 2,
  SV: 8,
  UL: 4,
  US: 2,
  UV: 8,
};
const BYTES_VRS: ReadonlySet<string> = new Set(['OB', 'UN']);
const DEEPEST = 32;

/**
 * Whether two Part 10 files are one instance. File meta information does not count. Pixels are compared where the
 * bytes differ, frame by frame; an image that lost information on one side only is another image, even if its pixels
 * come out the same.
 *
 * @throws {MalformedDicomError} one of them is no DICOM
 */
export async function compareInstances(bytesA: Uint8Array, bytesB: Uint8Array): Promise<Comparison> {
  const a = readPart10(bytesA);
  const b = readPart10(bytesB);
  const sameSyntax = a.meta.TransferSyntaxUID === b.meta.TransferSyntaxUID;
  if (sameSyntax && equalBytes(bytesA.subarray(a.dataSetOffset), bytesB.subarray(b.dataSetOffset))) return 'identical';
  if (!a.complete || !b.complete || !equalElements(a.dataset.set, b.dataset.set, 0)) return 'different';
  try {
    return (await equalPixels(a, b)) ? 're-encoded' : 'different';
  } catch (error) {
    if (error instanceof PixelDataError) return 'different';
    throw error;
  }
}

async function equalPixels(a: Part10, b: Part10): Promise<boolean> {
  if (a.dataset.has('PixelData') !== b.dataset.has('PixelData')) return false;
  if (!a.dataset.has('PixelData')) return true;
  const { numberOfFrames } = describePixels(a.dataset);
  const overlays = [...a.dataset.set.elements.keys()].some(isEmbeddedOverlay);
  for (let frame = 0; frame < numberOfFrames; frame++) {
    const one = await decodeFrameOf(a.dataset, a.meta.TransferSyntaxUID, frame);
    const other = await decodeFrameOf(b.dataset, b.meta.TransferSyntaxUID, frame);
    if (one.lossy !== other.lossy || one.photometricInterpretation !== other.photometricInterpretation) return false;
    if (!equalBytes(cells(one, overlays), cells(other, overlays))) return false;
  }
  return true;
}

/** Unused bits may change; where an overlay lives in them they are not unused. */
function cells(image: DecodedImage, whole: boolean): Uint8Array {
  const { buffer, byteOffset, byteLength } = whole ? image.pixels : storedValues(image);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** OverlayBitPosition of any of the sixteen overlay groups. */
function isEmbeddedOverlay(tag: number): boolean {
  return tag >>> 24 === 0x60 && (tag & 0xffff) === 0x0102;
}

function equalElements(a: ElementSet, b: ElementSet, depth: number): boolean {
  if (depth > DEEPEST || a.problem !== undefined || b.problem !== undefined) return false;
  const tags = new Set([...a.elements.keys(), ...b.elements.keys()]);
  for (const tag of tags) {
    if (isGroupLength(tag) || (depth === 0 && TRANSCODED.has(tag))) continue;
    const one = a.elements.get(tag);
    const other = b.elements.get(tag);
    if (one === undefined || other === undefined) return false;
    if (!equalElement(a.source, one, b.source, other, depth)) return false;
  }
  return true;
}

function equalElement(a: Source, one: DataElement, b: Source, other: DataElement, depth: number): boolean {
  const vr = commonVr(one, other);
  if (vr === undefined) return false;
  if (vr === 'SQ') return equalSequences(readItems(a, one), readItems(b, other), depth);
  return equalBytes(normalValue(a, one, vr), normalValue(b, other, vr));
}

function equalSequences(a: readonly ElementSet[], b: readonly ElementSet[], depth: number): boolean {
  if (a.length !== b.length) return false;
  return a.every((item, index) => {
    const other = b[index];
    return other !== undefined && equalElements(item, other, depth + 1);
  });
}

/** The VR that both sides have, or one where the other does not say (implicit, unknown); undefined if they contradict. */
function commonVr(one: DataElement, other: DataElement): string | undefined {
  const known = (element: DataElement): string | undefined => (element.vr === 'UN' ? undefined : element.vr);
  const a = known(one) ?? known(other) ?? vrOfTag(one.tag) ?? 'UN';
  const b = known(other) ?? a;
  if (a === b) return a;
  // The dictionary leaves a choice for these, and an implicit file does not say which.
  const choice = [a, b].sort().join(' ');
  if (choice === 'OB OW' || choice === 'SS US') return a;
  return choice === 'OW US' || choice === 'OW SS' ? 'OW' : undefined;
}

/** The value as a little endian file would write it, without padding. */
function normalValue(source: Source, element: DataElement, vr: string): Uint8Array {
  const value = source.bytes.subarray(element.offset, element.offset + element.length);
  const size = SWAPPED_BYTES[vr];
  if (size !== undefined) return source.littleEndian || value.length % size !== 0 ? value : swapped(value, size);
  return BYTES_VRS.has(vr) ? value : withoutPadding(value);
}

function swapped(value: Uint8Array, size: 2 | 4 | 8): Uint8Array {
  const copy = Buffer.from(value);
  if (size === 2) return copy.swap16();
  return size === 4 ? copy.swap32() : copy.swap64();
}

function withoutPadding(value: Uint8Array): Uint8Array {
  let end = value.length;
  while (end > 0 && (value[end - 1] === 0x20 || value[end - 1] === 0)) end--;
  return value.subarray(0, end);
}

function isGroupLength(tag: number): boolean {
  return (tag & 0xffff) === 0;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
