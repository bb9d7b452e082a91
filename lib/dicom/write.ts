import { isSignedByPixelRepresentation, sopClassName, tagNumber, vrOf } from './dictionary.ts';
import { LONG_VRS } from './elements.ts';
import { fileMetaBytes } from './part10.ts';
import { EXPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax.ts';
import { isValidUid } from './uid.ts';
import { encodeNumbers, encodeText, InvalidValueError, isNumberVr } from './values.ts';

export { InvalidValueError };

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
export type ElementValue = string | number | Binary | readonly (string | number)[] | readonly Elements[];

const BINARY_VRS: ReadonlySet<string> = new Set('OB OD OF OL OV OW UN'.split(' '));

/**
 * Writes a Part 10 file in Explicit VR Little Endian. Elements are sorted, values checked and padded; text beyond ASCII
 * makes the file UTF-8 (SpecificCharacterSet `ISO_IR 192`).
 *
 * @param elements by keyword, `SOPClassUID` and `SOPInstanceUID` among them; PixelData as a typed array (16-bit cells are
 *   written little endian whatever the machine)
 * @throws {UnknownKeywordError} a keyword that PS3.6 does not have; so nothing private is written
 * @throws {InvalidValueError} a value breaks the rule of its VR
 */
export function writePart10(elements: Elements, options: { sourceApplicationEntityTitle?: string } = {}): Buffer {
  const { SOPClassUID, SOPInstanceUID } = elements;
  if (typeof SOPClassUID !== 'string' || sopClassName(SOPClassUID) === undefined) {
    throw new InvalidValueError('SOPClassUID', 'must be a SOP class of PS3.6');
  }
  if (typeof SOPInstanceUID !== 'string' || !isValidUid(SOPInstanceUID)) {
    throw new InvalidValueError('SOPInstanceUID', 'must be a valid UID');
  }
  const head = fileMetaBytes({
    MediaStorageSOPClassUID: SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: EXPLICIT_VR_LITTLE_ENDIAN,
    ...(options.sourceApplicationEntityTitle === undefined
      ? {}
      : { SourceApplicationEntityTitle: options.sourceApplicationEntityTitle }),
  });
  return Buffer.concat([head, encodeElements(withCharacterSet(elements), elements)]);
}

function withCharacterSet(elements: Elements): Elements {
  if (isAscii(elements)) return elements;
  const { SpecificCharacterSet } = elements;
  if (SpecificCharacterSet !== undefined && SpecificCharacterSet !== 'ISO_IR 192') {
    throw new InvalidValueError('SpecificCharacterSet', 'must be ISO_IR 192 for text beyond ASCII');
  }
  return { ...elements, SpecificCharacterSet: 'ISO_IR 192' };
}

function isAscii(value: ElementValue | Elements | undefined): boolean {
  if (typeof value === 'string') return /^\p{ASCII}*$/u.test(value);
  if (typeof value !== 'object' || ArrayBuffer.isView(value)) return true;
  return Object.values(value).every((part) => isAscii(part));
}

/** @param root the whole object, whose PixelRepresentation and BitsAllocated decide VRs inside sequences too */
function encodeElements(elements: Elements, root: Elements): Buffer {
  const sorted = Object.entries(elements)
    .flatMap(([keyword, value]) => (value === undefined ? [] : [{ keyword, value, tag: tagNumber(keyword) }]))
    .sort((a, b) => a.tag - b.tag);
  return Buffer.concat(
    sorted.flatMap(({ keyword, value, tag }) => {
      if (tag >>> 16 < 0x0008) throw new InvalidValueError(keyword, 'belongs to no data set');
      const vr = writtenVr(keyword, tag, value, root);
      const body = encodeValue(keyword, vr, value, root);
      return [elementHead(keyword, tag, vr, body.length), body];
    }),
  );
}

function writtenVr(keyword: string, tag: number, value: ElementValue, root: Elements): string {
  if (keyword === 'PixelData') return root.BitsAllocated === 8 || root.BitsAllocated === 1 ? 'OB' : 'OW';
  const vr = vrOf(keyword);
  if (vr === undefined) throw new InvalidValueError(keyword, 'has no VR');
  if (!isSignedByPixelRepresentation(tag)) return vr;
  if (ArrayBuffer.isView(value)) return 'OW';
  return root.PixelRepresentation === 1 ? 'SS' : 'US';
}

function encodeValue(keyword: string, vr: string, value: ElementValue, root: Elements): Buffer {
  if (ArrayBuffer.isView(value)) {
    if (!BINARY_VRS.has(vr)) throw new InvalidValueError(keyword, `has the VR ${vr} and takes no bytes`);
    return padded(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
  const list = Array.isArray(value) ? value : [value];
  if (vr === 'SQ') return encodeItems(keyword, list, root);
  const values = list.map((one) => {
    if (typeof one !== 'string' && typeof one !== 'number')
      throw new InvalidValueError(keyword, `has the VR ${vr} and takes no items`);
    return one;
  });
  if (values.length === 0 || (values.length === 1 && values[0] === '')) return Buffer.alloc(0);
  if (vr === 'AT') return encodeTags(keyword, values);
  return isNumberVr(vr) ? encodeNumbers(keyword, vr, values) : encodeText(keyword, vr, values);
}

function encodeItems(keyword: string, items: readonly unknown[], root: Elements): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      if (!isElements(item)) throw new InvalidValueError(keyword, 'is a sequence and takes a list of elements');
      const body = encodeElements(item, root);
      const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
      head.writeUInt32LE(body.length, 4);
      return [head, body];
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
  return typeof item === 'object' && item !== null && !Array.isArray(item) && !ArrayBuffer.isView(item);
}

function elementHead(keyword: string, tag: number, vr: string, length: number): Buffer {
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

function padded(bytes: Buffer): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
}
