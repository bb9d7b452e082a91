import { deriveUid } from './uid.ts';

/** File meta information: what the data set does not say of itself. */
export interface FileMeta {
  readonly MediaStorageSOPClassUID: string;
  readonly MediaStorageSOPInstanceUID: string;
  readonly TransferSyntaxUID: string;
  readonly SourceApplicationEntityTitle?: string;
  readonly SendingApplicationEntityTitle?: string;
  readonly ReceivingApplicationEntityTitle?: string;
}

export const IMPLEMENTATION_CLASS_UID = deriveUid('overread', 'implementation');
export const IMPLEMENTATION_VERSION_NAME = 'OVERREAD_0_1';

const PREAMBLE = 128;

/** Elements of group 2 with their VR, in the order of their tags. Source: PS3.10 table 7.1-1. */
const ELEMENTS = [
  [0x0002, 'UI', 'MediaStorageSOPClassUID'],
  [0x0003, 'UI', 'MediaStorageSOPInstanceUID'],
  [0x0010, 'UI', 'TransferSyntaxUID'],
  [0x0012, 'UI', 'ImplementationClassUID'],
  [0x0013, 'SH', 'ImplementationVersionName'],
  [0x0016, 'AE', 'SourceApplicationEntityTitle'],
  [0x0017, 'AE', 'SendingApplicationEntityTitle'],
  [0x0018, 'AE', 'ReceivingApplicationEntityTitle'],
] as const;

/**
 * Preamble, `DICM` and group 2; the bytes of the data set follow untouched. The implementation is ours, since we wrote
 * the file.
 */
export function fileMetaBytes(meta: FileMeta): Buffer {
  const values: Partial<Record<(typeof ELEMENTS)[number][2], string>> = {
    ...meta,
    ImplementationClassUID: IMPLEMENTATION_CLASS_UID,
    ImplementationVersionName: IMPLEMENTATION_VERSION_NAME,
  };
  const version = Buffer.from([0x02, 0x00, 0x01, 0x00, 0x4f, 0x42, 0, 0, 2, 0, 0, 0, 0, 1]);
  const rest = ELEMENTS.flatMap(([element, vr, keyword]) => {
    const value = values[keyword];
    return value === undefined || value === '' ? [] : [shortElement(element, vr, value)];
  });
  const body = Buffer.concat([version, ...rest]);
  const head = Buffer.alloc(PREAMBLE + 4 + 12);
  head.write('DICM', PREAMBLE, 'latin1');
  head.set([0x02, 0x00, 0x00, 0x00, 0x55, 0x4c, 4, 0], PREAMBLE + 4);
  head.writeUInt32LE(body.length, PREAMBLE + 12);
  return Buffer.concat([head, body]);
}

/** What a file says before its data set; absent and empty elements are left out. */
export interface FileHead {
  readonly meta: Partial<FileMeta>;
  /** Where the data set begins. */
  readonly dataSetOffset: number;
  /** False for a bare data set. */
  readonly hasMeta: boolean;
}

/**
 * Reads preamble and group 2, tolerantly: the group length is not believed, since files exist where it is wrong or
 * absent; the group ends where another one begins. Never throws.
 */
export function readFileHead(bytes: Uint8Array): FileHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = startOfMeta(bytes);
  const start = position;
  const meta: Record<string, string> = {};
  while (position + 8 <= bytes.length && view.getUint16(position, true) === 0x0002) {
    const element = view.getUint16(position + 2, true);
    const [length, offset] = lengthOfMetaElement(view, position);
    if (offset + length > bytes.length) break;
    const known = ELEMENTS.find(([tag]) => tag === element);
    const value = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length)
      .toString('latin1')
      .replaceAll(/^[\0 ]+|[\0 ]+$/g, '');
    if (known !== undefined && value !== '') meta[known[2]] = value;
    position = offset + length;
  }
  return { meta, dataSetOffset: position, hasMeta: position > start };
}

function startOfMeta(bytes: Uint8Array): number {
  const prefix = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (prefix.toString('latin1', PREAMBLE, PREAMBLE + 4) === 'DICM') return PREAMBLE + 4;
  return prefix.toString('latin1', 0, 4) === 'DICM' ? 4 : 0;
}

function lengthOfMetaElement(view: DataView, position: number): [length: number, offset: number] {
  const vr = String.fromCharCode(view.getUint8(position + 4), view.getUint8(position + 5));
  if (!/^[A-Z]{2}$/.test(vr)) return [view.getUint32(position + 4, true), position + 8];
  if (!['OB', 'OW', 'UN', 'SQ', 'UT'].includes(vr)) return [view.getUint16(position + 6, true), position + 8];
  return [position + 12 <= view.byteLength ? view.getUint32(position + 8, true) : view.byteLength, position + 12];
}

function shortElement(element: number, vr: string, value: string): Buffer {
  const padded = value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' ');
  const out = Buffer.alloc(8 + padded.length);
  out.writeUInt16LE(0x0002, 0);
  out.writeUInt16LE(element, 2);
  out.write(vr, 4, 'latin1');
  out.writeUInt16LE(padded.length, 6);
  out.write(padded, 8, 'latin1');
  return out;
}
