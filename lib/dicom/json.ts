import type { Dataset } from './dataset.ts';
import { PIXEL_DATA } from './elements.ts';

/** An element in the DICOM JSON Model. Source: PS3.18 F.2. */
export interface JsonElement {
  readonly vr: string;
  readonly Value?: readonly JsonValue[];
  /** Base64, little endian. */
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}
export type JsonValue = string | number | null | PersonName | DicomJson;

/** Component groups of a PN. */
export interface PersonName {
  readonly Alphabetic?: string;
  readonly Ideographic?: string;
  readonly Phonetic?: string;
}

/** A data set by tag, `00100010`. */
export interface DicomJson {
  readonly [tag: string]: JsonElement;
}

/** Binary values up to this size stand in the JSON; longer ones are named by an address. Bytes. */
const INLINE_LIMIT = 1 << 16;

/** Sequences deeper than this are left empty: no real object has them, and a hostile one would end the process. */
const DEEPEST = 32;

const SPECIFIC_CHARACTER_SET = 0x00080005;
const NUMBERS: ReadonlySet<string> = new Set('DS IS FL FD SL SS SV UL US UV'.split(' '));
/** Size of the words in which a binary VR is written, bytes. */
const WORDS: Readonly<Record<string, number>> = { OB: 1, UN: 1, OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 };

/**
 * A data set in the DICOM JSON Model: in Unicode, private elements included, group lengths left out. PixelData is always
 * named by an address and may be absent from `dataset` but for its head. Numbers that are none become null; a value that
 * the file cuts short is left out.
 *
 * @param bulkDataURI address of a long binary value; `path` names it: `7FE00010`, or `00880200/0/7FE00010` within an item
 */
export function dicomJson(dataset: Dataset, bulkDataURI: (path: string) => string): DicomJson {
  return encodeSet(dataset, { bulkDataURI, prefix: '', depth: 0 });
}

/** A binary value named by the path that `dicomJson` gave it, and the data set it stands in; undefined where there is none. */
export function bulkDataOf(dataset: Dataset, path: string): { within: Dataset; tag: number } | undefined {
  if (!/^[0-9A-F]{8}(\/\d{1,6}\/[0-9A-F]{8}){0,32}$/.test(path)) return undefined;
  const [first = '', ...rest] = path.split('/');
  let within: Dataset | undefined = dataset;
  let tag = Number.parseInt(first, 16);
  for (let index = 0; index < rest.length; index += 2) {
    within = within?.itemsAt(tag)[Number(rest[index])];
    tag = Number.parseInt(rest[index + 1] ?? '', 16);
  }
  const vr = within?.vrAt(tag);
  return within === undefined || vr === undefined || WORDS[vr] === undefined ? undefined : { within, tag };
}

/** The bytes of a binary value, little endian whatever the file is; undefined where the file cuts it short. */
export function littleEndianBytes(dataset: Dataset, tag: number): Uint8Array | undefined {
  const bytes = dataset.bytesAt(tag);
  const size = WORDS[dataset.vrAt(tag) ?? ''] ?? 1;
  if (bytes === undefined || dataset.set.source.littleEndian || size === 1 || bytes.length % size !== 0) return bytes;
  const swapped = Buffer.from(bytes);
  if (size === 2) return swapped.swap16();
  return size === 4 ? swapped.swap32() : swapped.swap64();
}

interface Place {
  readonly bulkDataURI: (path: string) => string;
  /** Path of the enclosing item, with a `/` at its end. */
  readonly prefix: string;
  readonly depth: number;
}

function encodeSet(dataset: Dataset, place: Place): DicomJson {
  const json: Record<string, JsonElement> = {};
  for (const tag of dataset.set.elements.keys()) {
    const vr = dataset.vrAt(tag);
    if (vr === undefined || (tag & 0xffff) === 0) continue;
    json[hex(tag)] = { vr, ...encodeValue(dataset, tag, vr, place) };
  }
  return json;
}

function encodeValue(dataset: Dataset, tag: number, vr: string, place: Place): Omit<JsonElement, 'vr'> {
  if (tag === SPECIFIC_CHARACTER_SET) return { Value: ['ISO_IR 192'] };
  if (vr === 'SQ') return withValue(encodeItems(dataset, tag, place));
  if (WORDS[vr] !== undefined) return encodeBinary(dataset, tag, place);
  if (vr === 'AT') return withValue(tagsOf(dataset, tag));
  const texts = dataset.textsAt(tag);
  if (NUMBERS.has(vr)) return withValue(texts.map(numberOf));
  if (vr === 'PN') return withValue(texts.map(personName));
  return withValue(texts.map((text) => (text === '' ? null : text.toWellFormed())));
}

function encodeItems(dataset: Dataset, tag: number, { bulkDataURI, prefix, depth }: Place): DicomJson[] {
  if (depth >= DEEPEST) return [];
  return dataset
    .itemsAt(tag)
    .map((item, index) => encodeSet(item, { bulkDataURI, prefix: `${prefix}${hex(tag)}/${index}/`, depth: depth + 1 }));
}

function encodeBinary(dataset: Dataset, tag: number, { bulkDataURI, prefix }: Place): Omit<JsonElement, 'vr'> {
  if (tag === PIXEL_DATA) return { BulkDataURI: bulkDataURI(`${prefix}${hex(tag)}`) };
  const bytes = littleEndianBytes(dataset, tag);
  if (bytes === undefined || bytes.length === 0) return {};
  if (bytes.length > INLINE_LIMIT) return { BulkDataURI: bulkDataURI(`${prefix}${hex(tag)}`) };
  return { InlineBinary: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64') };
}

function withValue(values: readonly JsonValue[]): { Value?: readonly JsonValue[] } {
  return values.every((value) => value === null) ? {} : { Value: values };
}

function numberOf(text: string): number | null {
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

function personName(text: string): PersonName | null {
  const [Alphabetic = '', Ideographic = '', Phonetic = ''] = text
    .toWellFormed()
    .split('=')
    .map((group) => group.trim());
  const name = {
    ...(Alphabetic === '' ? {} : { Alphabetic }),
    ...(Ideographic === '' ? {} : { Ideographic }),
    ...(Phonetic === '' ? {} : { Phonetic }),
  };
  return Object.keys(name).length === 0 ? null : name;
}

function tagsOf(dataset: Dataset, tag: number): string[] {
  const bytes = dataset.bytesAt(tag) ?? new Uint8Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { littleEndian } = dataset.set.source;
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => {
    const [group, element] = [view.getUint16(index * 4, littleEndian), view.getUint16(index * 4 + 2, littleEndian)];
    return hex(group * 0x10000 + element);
  });
}

/** `7FE00010` */
function hex(tag: number): string {
  return tag.toString(16).padStart(8, '0').toUpperCase();
}
