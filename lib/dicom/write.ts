import { type Encode, encoderFor } from './charset.ts';
import { isSignedByPixelRepresentation, sopClassName, tagNumber, vrOf } from './dictionary.ts';
import { LONG_VRS } from './elements.ts';
import { fileMetaBytes } from './part10.ts';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax.ts';
import { isValidUid } from './uid.ts';
import { encodeNumbers, encodeText, InvalidValueError, isNumberVr, textsOf } from './values.ts';

export { InvalidValueError };

/** A text value as another object has it: its bytes go out as they are, whatever they mean in its character set. */
export class Verbatim {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

type Binary =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Elements by DICOM keyword; a list of elements is a sequence, an empty list or string an empty element, `undefined` none. */
export interface Elements {
  readonly [keyword: string]: ElementValue | undefined;
}
export type ElementValue = string | number | Binary | Verbatim | readonly (string | number)[] | readonly Elements[];

/** What the elements inside sequences need to know of the whole object. */
interface Whole {
  readonly elements: Elements;
  readonly encode: Encode;
  readonly explicit: boolean;
}

const BINARY_VRS: ReadonlySet<string> = new Set('OB OD OF OL OV OW UN'.split(' '));

/**
 * Writes a Part 10 file in Explicit VR Little Endian. Elements are sorted, values checked and padded. Text beyond ASCII is
 * written in the SpecificCharacterSet that is given; without one, and where it cannot hold the text and nothing verbatim
 * stands in it, the file becomes UTF-8 (`ISO_IR 192`).
 *
 * @param elements by keyword, `SOPClassUID` and `SOPInstanceUID` among them; PixelData as a typed array (16-bit cells are
 *   written little endian whatever the machine)
 * @param options.implicit write Implicit VR Little Endian, for values of more than 65534 bytes in VRs with short lengths
 * @throws {UnknownKeywordError} a keyword that PS3.6 does not have; so nothing private is written
 * @throws {InvalidValueError} a value breaks the rule of its VR
 */
export function writePart10(
  elements: Elements,
  options: { sourceApplicationEntityTitle?: string; implicit?: boolean } = {},
): Buffer {
  const { SOPClassUID, SOPInstanceUID } = elements;
  if (typeof SOPClassUID !== 'string' || sopClassName(SOPClassUID) === undefined) {
    throw new InvalidValueError('SOPClassUID', 'must be a SOP class of PS3.6');
  }
  if (typeof SOPInstanceUID !== 'string' || !isValidUid(SOPInstanceUID)) {
    throw new InvalidValueError('SOPInstanceUID', 'must be a valid UID');
  }
  const explicit = options.implicit !== true;
  const head = fileMetaBytes({
    MediaStorageSOPClassUID: SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: explicit ? EXPLICIT_VR_LITTLE_ENDIAN : IMPLICIT_VR_LITTLE_ENDIAN,
    ...(options.sourceApplicationEntityTitle === undefined
      ? {}
      : { SourceApplicationEntityTitle: options.sourceApplicationEntityTitle }),
  });
  const { written, encode } = withCharacterSet(elements);
  return Buffer.concat([head, ...encodeElements(written, { elements, encode, explicit })]);
}

function withCharacterSet(elements: Elements): { written: Elements; encode: Encode } {
  const { SpecificCharacterSet: stated } = elements;
  const encode = encoderFor(statedSets(stated));
  const beyond = textsBeyondAscii(elements);
  if (beyond.every((text) => encode(text) !== undefined)) return { written: elements, encode };
  if ((stated === undefined || stated instanceof Verbatim) && !holdsForeignText(elements)) {
    return { written: { ...elements, SpecificCharacterSet: 'ISO_IR 192' }, encode: encoderFor(['ISO_IR 192']) };
  }
  throw new InvalidValueError('SpecificCharacterSet', 'must be one that can hold the text, such as ISO_IR 192');
}

function statedSets(stated: ElementValue | undefined): string[] {
  if (stated instanceof Verbatim) return Buffer.from(stated.bytes).toString('latin1').split('\\');
  if (typeof stated === 'string') return [stated];
  return Array.isArray(stated) ? stated.map(String) : [];
}

/** Texts of our own that are not ASCII, at any depth. */
function textsBeyondAscii(value: ElementValue | Elements | undefined): string[] {
  if (typeof value === 'string') return /^\p{ASCII}*$/u.test(value) ? [] : [value];
  if (typeof value !== 'object' || ArrayBuffer.isView(value) || value instanceof Verbatim) return [];
  return Object.values(value).flatMap((part) => textsBeyondAscii(part));
}

/** Whether a verbatim value means something only in its own character set: bytes beyond ASCII, or an escape sequence. */
function holdsForeignText(value: ElementValue | Elements | undefined): boolean {
  if (value instanceof Verbatim) return value.bytes.some((byte) => byte > 0x7e || byte === 0x1b);
  if (typeof value !== 'object' || ArrayBuffer.isView(value)) return false;
  return Object.values(value).some((part) => holdsForeignText(part));
}

function encodeElements(elements: Elements, whole: Whole): Buffer[] {
  const sorted = Object.entries(elements)
    .flatMap(([keyword, value]) => (value === undefined ? [] : [{ keyword, value, tag: tagNumber(keyword) }]))
    .sort((a, b) => a.tag - b.tag);
  return sorted.flatMap(({ keyword, value, tag }) => {
    if (tag >>> 16 < 0x0008) throw new InvalidValueError(keyword, 'belongs to no data set');
    const vr = writtenVr(keyword, tag, value, whole.elements);
    const body = encodeValue(keyword, vr, value, whole);
    return [elementHead(keyword, tag, vr, body.length, whole.explicit), body];
  });
}

function writtenVr(keyword: string, tag: number, value: ElementValue, root: Elements): string {
  if (keyword === 'PixelData') return root.BitsAllocated === 8 || root.BitsAllocated === 1 ? 'OB' : 'OW';
  const vr = vrOf(keyword);
  if (vr === undefined) throw new InvalidValueError(keyword, 'has no VR');
  if (!isSignedByPixelRepresentation(tag)) return vr;
  if (ArrayBuffer.isView(value)) return 'OW';
  return root.PixelRepresentation === 1 ? 'SS' : 'US';
}

function encodeValue(keyword: string, vr: string, value: ElementValue, whole: Whole): Buffer {
  if (value instanceof Verbatim) {
    if (BINARY_VRS.has(vr) || vr === 'SQ') throw new InvalidValueError(keyword, `has the VR ${vr} and takes no text`);
    return padded(Buffer.from(value.bytes), vr === 'UI' ? 0 : 0x20);
  }
  if (ArrayBuffer.isView(value)) {
    if (!BINARY_VRS.has(vr)) throw new InvalidValueError(keyword, `has the VR ${vr} and takes no bytes`);
    return padded(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
  const list = Array.isArray(value) ? value : [value];
  if (vr === 'SQ') return encodeItems(keyword, list, whole);
  const values = list.map((one) => {
    if (typeof one !== 'string' && typeof one !== 'number')
      throw new InvalidValueError(keyword, `has the VR ${vr} and takes no items`);
    return one;
  });
  if (values.length === 0 || (values.length === 1 && values[0] === '')) return Buffer.alloc(0);
  if (vr === 'AT') return encodeTags(keyword, values);
  if (isNumberVr(vr)) return encodeNumbers(keyword, vr, values);
  return padded(encodeText(keyword, vr, textsOf(keyword, vr, values), whole.encode), vr === 'UI' ? 0 : 0x20);
}

function encodeItems(keyword: string, items: readonly unknown[], whole: Whole): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      if (!isElements(item)) throw new InvalidValueError(keyword, 'is a sequence and takes a list of elements');
      const parts = encodeElements(item, whole);
      const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
      head.writeUInt32LE(
        parts.reduce((sum, { length }) => sum + length, 0),
        4,
      );
      return [head, ...parts];
    }),
  );
}

/** A tag is given by its keyword. */
function encodeTags(keyword: string, values: readonly (string | number)[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      if (typeof value !== 'string') throw new InvalidValueError(keyword, 'takes keywords');
      const tag = tagNumber(value);
      const out = Buffer.alloc(4);
      out.writeUInt16LE(tag >>> 16, 0);
      out.writeUInt16LE(tag & 0xffff, 2);
      return out;
    }),
  );
}

function isElements(item: unknown): item is Elements {
  return (
    typeof item === 'object' &&
    item !== null &&
    !Array.isArray(item) &&
    !ArrayBuffer.isView(item) &&
    !(item instanceof Verbatim)
  );
}

function elementHead(keyword: string, tag: number, vr: string, length: number, explicit: boolean): Buffer {
  if (!explicit) {
    const out = Buffer.alloc(8);
    out.writeUInt16LE(tag >>> 16, 0);
    out.writeUInt16LE(tag & 0xffff, 2);
    out.writeUInt32LE(length, 4);
    return out;
  }
  const long = LONG_VRS.has(vr);
  if (!long && length > 0xffff) throw new InvalidValueError(keyword, 'must have at most 65534 bytes');
  const out = Buffer.alloc(long ? 12 : 8);
  out.writeUInt16LE(tag >>> 16, 0);
  out.writeUInt16LE(tag & 0xffff, 2);
  out.write(vr, 4, 'latin1');
  if (long) out.writeUInt32LE(length, 8);
  else out.writeUInt16LE(length, 6);
  return out;
}

function padded(bytes: Buffer, filler = 0): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1, filler)]);
}
