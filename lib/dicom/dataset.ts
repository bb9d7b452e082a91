import { inflateRawSync, constants as zlib } from 'node:zlib';
import { type Decode, decoderFor } from './charset.ts';
import { isSignedByPixelRepresentation, keywordOf, tagNumber, vrOfTag } from './dictionary.ts';
import { type DataElement, type ElementSet, PIXEL_DATA, readElements, readItems, sourceOf } from './elements.ts';
import { type FileMeta, readFileHead } from './part10.ts';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
  transferSyntax,
} from './transfer-syntax.ts';

export type { FileMeta };

const SPECIFIC_CHARACTER_SET = 0x00080005;
/** Of a deflated data set; 1 MB of zeros deflates to 1 kB, so what it grows to is bounded. */
const MOST_INFLATED = 1 << 27;
/** What one deflated byte can grow to, at most. */
const LARGEST_GROWTH = 1032;

const BYTES_OF_NUMBER: Readonly<Record<string, number>> = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8, UV: 8, SV: 8 };
const ONE_TEXT: ReadonlySet<string> = new Set(['LT', 'ST', 'UT', 'UR']);
const MANY_TEXTS: ReadonlySet<string> = new Set('AE AS CS DA DS DT IS LO PN SH TM UC UI'.split(' '));
/** Of the text VRs, those that SpecificCharacterSet governs; the others are ASCII. */
const CHARACTER_SET_VRS: ReadonlySet<string> = new Set('LO LT PN SH ST UC UT'.split(' '));

/** What was sent cannot be read as DICOM. The message is a sentence for a person and holds no value of the file. */
export class MalformedDicomError extends Error {
  override readonly name = 'MalformedDicomError';
}

/**
 * Read access to a data set by keyword. Reading is tolerant: absent, empty and broken values read as `undefined` or
 * `[]`, and so do values that a truncated file cuts short. Private elements have no keyword and are not seen.
 */
export class Dataset {
  readonly #set: ElementSet;
  readonly #decode: Decode;

  /** @param inherited decoder of the enclosing data set, for the items that state no SpecificCharacterSet */
  constructor(set: ElementSet, inherited?: Decode) {
    this.#set = set;
    const stated = set.elements.get(SPECIFIC_CHARACTER_SET);
    this.#decode =
      stated === undefined && inherited !== undefined
        ? inherited
        : decoderFor(splitValues(latin1(this.#valueOf(stated))));
  }

  /** The elements themselves, for what is not asked by keyword. */
  get set(): ElementSet {
    return this.#set;
  }

  /** First value, trimmed, in Unicode; a number as the file writes it; undefined when absent, empty or no text. */
  text(keyword: string): string | undefined {
    const first = this.texts(keyword)[0];
    return first === '' ? undefined : first;
  }

  /** All values, trimmed; an empty one between two others is `''`. */
  texts(keyword: string): string[] {
    return this.textsAt(tagNumber(keyword));
  }

  /** As `texts`, by tag: private elements have no keyword. */
  textsAt(tag: number): string[] {
    const element = this.#set.elements.get(tag);
    const value = this.#valueOf(element);
    if (element === undefined || value === undefined || value.length === 0) return [];
    const vr = this.#vrOf(element);
    if (BYTES_OF_NUMBER[vr] !== undefined) return this.#binaryNumbers(element, value, vr).map(String);
    if (!ONE_TEXT.has(vr) && !MANY_TEXTS.has(vr)) return [];
    const text = CHARACTER_SET_VRS.has(vr) ? this.#decode(value) : latin1(value);
    return ONE_TEXT.has(vr) ? [trim(text)].filter((one) => one !== '') : splitValues(text);
  }

  /** First value; undefined when absent, empty or no number. */
  number(keyword: string): number | undefined {
    return this.numbers(keyword)[0];
  }

  /** All values; `[]` if one of them is no number, so that none ever stands in the place of another. */
  numbers(keyword: string): number[] {
    const texts = this.texts(keyword);
    const numbers = texts.map((text) => (text === '' ? Number.NaN : Number(text)));
    return numbers.every((number) => Number.isFinite(number)) ? numbers : [];
  }

  /** Items of a sequence. */
  items(keyword: string): Dataset[] {
    return this.itemsAt(tagNumber(keyword));
  }

  /** As `items`, by tag. */
  itemsAt(tag: number): Dataset[] {
    const element = this.#set.elements.get(tag);
    if (element === undefined || this.#vrOf(element) !== 'SQ') return [];
    return readItems(this.#set.source, element).map((item) => new Dataset(item, this.#decode));
  }

  /** True if the element is there, even empty. */
  has(keyword: string): boolean {
    return this.#element(keyword) !== undefined;
  }

  /** The bytes of a value as written; undefined when absent or cut short. */
  bytes(keyword: string): Uint8Array | undefined {
    return this.bytesAt(tagNumber(keyword));
  }

  /** As `bytes`, by tag. */
  bytesAt(tag: number): Uint8Array | undefined {
    return this.#valueOf(this.#set.elements.get(tag));
  }

  /** VR of an element that is there: as written, or by the dictionary where the file does not say; `UN` if neither knows. */
  vrAt(tag: number): string | undefined {
    const element = this.#set.elements.get(tag);
    return element === undefined ? undefined : this.#vrOf(element);
  }

  /** Keywords of all elements that have one, in the order of the file. */
  keywords(): string[] {
    return [...this.#set.elements.keys()].flatMap((tag) => keywordOf(tag) ?? []);
  }

  #element(keyword: string): DataElement | undefined {
    return this.#set.elements.get(tagNumber(keyword));
  }

  #valueOf(element: DataElement | undefined): Uint8Array | undefined {
    if (element === undefined || element.offset + element.length > this.#set.source.bytes.length) return undefined;
    return this.#set.source.bytes.subarray(element.offset, element.offset + element.length);
  }

  #vrOf(element: DataElement): string {
    const { tag } = element;
    const known = vrOfTag(tag) ?? (isPrivateCreator(tag) ? 'LO' : 'UN');
    const vr = element.vr === 'UN' || element.vr === undefined ? known : element.vr;
    const implicit = !this.#set.source.explicit || element.vr === 'UN';
    if (vr !== 'US' || !implicit || !isSignedByPixelRepresentation(tag)) return vr;
    return this.number('PixelRepresentation') === 1 ? 'SS' : 'US';
  }

  #binaryNumbers(element: DataElement, value: Uint8Array, vr: string): number[] {
    const size = BYTES_OF_NUMBER[vr] ?? 1;
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    // Unknown VR keeps the little endian of where it was lost (PS3.5 section 6.2.2).
    const littleEndian = this.#set.source.littleEndian || element.vr === 'UN';
    return Array.from({ length: Math.floor(value.length / size) }, (_, index) =>
      readNumber(view, index * size, vr, littleEndian),
    );
  }
}

/** A Part 10 file, or a bare data set, as far as it could be read. */
export interface Part10 {
  readonly meta: FileMeta;
  readonly dataset: Dataset;
  /** Where the bytes of the data set begin; they go on to the end of the file. */
  readonly dataSetOffset: number;
  /** False if the file is truncated or broken: what stands before that is in `dataset`. */
  readonly complete: boolean;
  /** Why it is not complete, as the end of "it has …". */
  readonly problem: string | undefined;
}

/**
 * Reads a Part 10 file. Tolerant: the preamble, the meta information or its transfer syntax may be missing (then the
 * data set shows how it is written), and so may the end of the file.
 *
 * @param options.untilPixelData stop at the head of PixelData: `has('PixelData')` is true, its value is not to be had
 * @throws {MalformedDicomError} nothing of it can be read as DICOM
 */
export function readPart10(bytes: Uint8Array, options: { untilPixelData?: boolean } = {}): Part10 {
  const { meta, dataSetOffset, hasMeta } = readFileHead(bytes);
  const body = bytes.subarray(dataSetOffset);
  const uid = writtenSyntax(body, meta.TransferSyntaxUID, hasMeta);
  const { set, problem } = readBody(body, transferSyntax(uid), options.untilPixelData === true);
  if (set.elements.size === 0) {
    throw new MalformedDicomError(`The file holds no data set that can be read: it has ${problem ?? 'nothing in it'}.`);
  }
  const dataset = new Dataset(set);
  return {
    meta: {
      ...meta,
      MediaStorageSOPClassUID: meta.MediaStorageSOPClassUID ?? dataset.text('SOPClassUID') ?? '',
      MediaStorageSOPInstanceUID: meta.MediaStorageSOPInstanceUID ?? dataset.text('SOPInstanceUID') ?? '',
      TransferSyntaxUID: meta.TransferSyntaxUID ?? uid,
    },
    dataset,
    dataSetOffset,
    complete: problem === undefined,
    problem,
  };
}

function readBody(body: Uint8Array, syntax: TransferSyntax, untilPixelData: boolean) {
  const { bytes, problem } = syntax.deflated ? inflate(body) : { bytes: body, problem: undefined };
  const source = sourceOf(bytes, syntax.explicit, syntax.littleEndian);
  const set = readElements(source, 0, bytes.length, untilPixelData ? PIXEL_DATA : undefined);
  return { set, problem: problem ?? set.problem };
}

/** A truncated stream gives what it holds, and the truncation shows in the elements; one that cannot be followed to its end, its beginning. */
function inflate(body: Uint8Array): { bytes: Uint8Array; problem: string | undefined } {
  let problem: string | undefined;
  for (let length = body.length; length > 0; ) {
    try {
      const options = { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: MOST_INFLATED };
      return { bytes: inflateRawSync(body.subarray(0, length), options), problem };
    } catch (error) {
      const tooLong = error instanceof RangeError;
      problem = tooLong
        ? `a deflated data set that grows beyond ${MOST_INFLATED >> 20} MB`
        : 'a deflated data set that is damaged';
      length = Math.floor(tooLong ? Math.min(length / 2, MOST_INFLATED / LARGEST_GROWTH) : length / 2);
    }
  }
  return { bytes: Buffer.alloc(0), problem };
}

/**
 * How the data set is written: as the meta information says, unless the first element shows otherwise; files exist
 * that are implicit and say explicit, and the other way round.
 */
function writtenSyntax(body: Uint8Array, stated: string | undefined, hasMeta: boolean): string {
  if (stated !== undefined && transferSyntax(stated).deflated && body.length > 0) return stated;
  if (body.length < 8) {
    throw new MalformedDicomError(
      hasMeta ? 'The file ends after its meta information.' : 'The file is too short to be DICOM.',
    );
  }
  const shown = shownSyntax(body);
  if (stated !== undefined && shown !== undefined) {
    return transferSyntax(stated).explicit === transferSyntax(shown).explicit ? stated : shown;
  }
  const uid = stated ?? shown ?? (hasMeta ? IMPLICIT_VR_LITTLE_ENDIAN : undefined);
  if (uid !== undefined) return uid;
  throw new MalformedDicomError('This is no DICOM file: it begins neither with meta information nor with a data set.');
}

function shownSyntax(body: Uint8Array): string | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const explicit = /^[A-Z]{2}$/.test(String.fromCharCode(body[4] ?? 0, body[5] ?? 0));
  const group = view.getUint16(0, true);
  if (group >= 0x0004 && group <= 0x0020) return explicit ? EXPLICIT_VR_LITTLE_ENDIAN : IMPLICIT_VR_LITTLE_ENDIAN;
  const swapped = view.getUint16(0, false);
  return explicit && swapped >= 0x0004 && swapped <= 0x0020 ? EXPLICIT_VR_BIG_ENDIAN : undefined;
}

function readNumber(view: DataView, offset: number, vr: string, littleEndian: boolean): number {
  switch (vr) {
    case 'US':
      return view.getUint16(offset, littleEndian);
    case 'SS':
      return view.getInt16(offset, littleEndian);
    case 'UL':
      return view.getUint32(offset, littleEndian);
    case 'SL':
      return view.getInt32(offset, littleEndian);
    case 'FL':
      return view.getFloat32(offset, littleEndian);
    case 'FD':
      return view.getFloat64(offset, littleEndian);
    case 'UV':
      return Number(view.getBigUint64(offset, littleEndian));
    default:
      return Number(view.getBigInt64(offset, littleEndian));
  }
}

/** `(gggg,0010-00FF)` of an odd group (PS3.5 section 7.8.1). */
function isPrivateCreator(tag: number): boolean {
  const element = tag & 0xffff;
  return ((tag >>> 16) & 1) === 1 && element >= 0x10 && element <= 0xff;
}

function latin1(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function splitValues(text: string): string[] {
  const trimmed = trim(text);
  return trimmed === '' ? [] : trimmed.split('\\').map(trim);
}

function trim(text: string): string {
  return text.replaceAll(/^[\0\s]+|[\0\s]+$/g, '');
}
