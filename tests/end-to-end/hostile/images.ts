import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { deflateRawSync } from 'node:zlib';
import { Association } from '../../../lib/dicom/association.ts';
import { readPart10 } from '../../../lib/dicom/dataset.ts';
import { tagNumber, vrOf } from '../../../lib/dicom/dictionary.ts';
import { encodeStoreRequest } from '../../../lib/dicom/dimse.ts';
import { fileMetaBytes } from '../../../lib/dicom/part10.ts';
import { deriveUid } from '../../../lib/dicom/uid.ts';
import { radiographToDicom } from '../../../phantoms/dicom.ts';
import { hipRadiograph } from '../../../phantoms/hip.ts';
import { otherRadiograph } from '../../../phantoms/other.ts';
import { REAL_DATA, type Site } from '../../site.ts';

export const JPEG = '1.2.840.10008.1.2.4.50';
export const JPEG_2000 = '1.2.840.10008.1.2.4.90';
export const RLE = '1.2.840.10008.1.2.5';
const EXPLICIT = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';

/** A value as it is to stand in the file, whatever the rules say: text is Latin-1, a number is an unsigned short. */
type Raw = string | number | Buffer | { readonly vr: string; readonly value: Buffer; readonly open?: true };

/** Elements to change; `undefined` removes one. */
export type Changes = Readonly<Record<string, Raw | undefined>>;

/** What is sent: the data set, and what the C-STORE command and the presentation context say of it. */
export interface Sent {
  readonly StudyInstanceUID: string;
  readonly command: { readonly sopClass: string; readonly sopInstance: string; readonly transferSyntax: string };
  readonly dataSet: Buffer;
}

interface Element {
  readonly tag: number;
  readonly vr: string;
  readonly value: Buffer;
  /** Of undefined length: the value ends with its own delimiter. */
  readonly open?: true;
}

const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const PIXEL_DATA = tagNumber('PixelData');

/** A good radiograph of a pelvis, and one of a chest, small. */
const identity = { seed: 'hostile', patient: 1, image: 1, name: 'Hostile', studyDescription: 'PELVIS' };
const pelvis = radiographToDicom(hipRadiograph('hostile', { framing: 'pelvis', longSide: 400 }), identity);
const chest = radiographToDicom(otherRadiograph('hostile', { kind: 'chest', longSide: 400 }), identity);

export const pelvisWith = (changes: Changes = {}, transferSyntax?: string) => alter(pelvis, changes, transferSyntax);
export const chestWith = (changes: Changes = {}) => alter(chest, changes);

/** A real file with UIDs of its own, so that it meets nothing else. */
export function realFile(file: string, changes: Changes = {}): Sent {
  return alter(readFileSync(path.join(REAL_DATA, file)), changes);
}

/** Sends it to the hip pipeline. @returns the status of the answer, 0 for success */
export async function send(site: Site, { command, dataSet }: Sent): Promise<number> {
  const { sopClass, sopInstance, transferSyntax } = command;
  const target = {
    host: '127.0.0.1',
    port: site.dicomPort,
    calledAETitle: 'CI2_CD_HIP_FRAC',
    callingAETitle: 'HOSTILE',
  };
  const association = await Association.request(target, [{ id: 1, abstractSyntax: sopClass, transferSyntax }], 30_000);
  try {
    const request = encodeStoreRequest(association.nextMessageId(), sopClass, sopInstance);
    const pieces = Readable.from([dataSet]);
    return (await association.exchange(1, request, { pieces, length: dataSet.length })).status;
  } finally {
    await association.release();
  }
}

/** A Part 10 file that sends it, for whatever reads the command from the file meta information. */
export function fileOf({ command, dataSet }: Sent): Buffer {
  const meta = fileMetaBytes({
    MediaStorageSOPClassUID: command.sopClass,
    MediaStorageSOPInstanceUID: command.sopInstance,
    TransferSyntaxUID: command.transferSyntax,
  });
  return Buffer.concat([meta, dataSet]);
}

/** The same with another data set. */
export const withDataSet = (sent: Sent, change: (dataSet: Buffer) => Buffer): Sent => ({
  ...sent,
  dataSet: change(sent.dataSet),
});

/** The same with another command. */
export const alone = (sent: Sent, command: Partial<Sent['command']>): Sent => ({
  ...sent,
  command: { ...sent.command, ...command },
});

export const deflated = (sent: Sent): Sent =>
  alone(
    withDataSet(sent, (dataSet) => deflateRawSync(dataSet, { level: 1 })),
    { transferSyntax: DEFLATED },
  );

/** Encapsulated pixel data: an empty offset table and one fragment that may lie about its length. */
export function encapsulated(frame: Buffer, lie?: number): Buffer {
  const codestream = frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.alloc(1)]);
  const item = (length: number) => Buffer.from([0xfe, 0xff, 0x00, 0xe0, ...uint32(length)]);
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  return Buffer.concat([item(0), item(lie ?? codestream.length), codestream, end]);
}

/** A sequence in a sequence in a sequence, without lengths, so that whoever reads it has to follow. */
export function nested(depth: number): Raw {
  const item = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]);
  const sequence = Buffer.from([0x40, 0x00, 0x75, 0x02, 0x53, 0x51, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  const itemEnd = Buffer.from([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0]);
  const sequenceEnd = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  const begin = Array<Buffer>(depth).fill(Buffer.concat([item, sequence]));
  const end = Array<Buffer>(depth).fill(Buffer.concat([sequenceEnd, itemEnd]));
  return { vr: 'SQ', value: Buffer.concat([...begin, ...end, sequenceEnd]), open: true };
}

/** Head of a JPEG baseline, or of a JPEG 2000, that claims a size, and nothing behind it. */
export function jpegClaiming(rows: number, columns: number): Buffer {
  const frame = [0xff, 0xc0, 0, 11, 8, ...uint16(rows), ...uint16(columns), 1, 1, 0x11, 0];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  return Buffer.from([0xff, 0xd8, ...frame, ...scan, 0, 0, 0xff, 0xd9]);
}
export function jpeg2000Claiming(rows: number, columns: number): Buffer {
  const big = (value: number) => uint32(value).reverse();
  const size = [...big(columns), ...big(rows), ...big(0), ...big(0)];
  const siz = [0xff, 0x51, 0, 41, 0, 0, ...size, ...size, 0, 1, 11, 1, 1];
  const cod = [0xff, 0x52, 0, 12, 0, 0, 0, 1, 0, 5, 4, 4, 0, 1];
  return Buffer.from([0xff, 0x4f, ...siz, ...cod, 0xff, 0xd9]);
}

/** More private elements than anybody can mean, before the pixels. */
export function manyElements(dataSet: Buffer): Buffer {
  const count = 2_100_000;
  const elements = Buffer.alloc(8 * count);
  for (let index = 0; index < count; index++) {
    elements.writeUInt16LE(0x0029, index * 8);
    elements.writeUInt16LE(index & 0xffff, index * 8 + 2);
    elements.write('LO', index * 8 + 4);
  }
  const at = dataSet.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
  return Buffer.concat([dataSet.subarray(0, at), elements, dataSet.subarray(at)]);
}

/** 16-bit zeros, 64 of them in a byte. */
export function rleOfZeros(pixels: number): Buffer {
  const plane = Buffer.alloc(2 * Math.ceil(pixels / 128));
  for (let at = 0; at < plane.length; at += 2) plane[at] = 0x81;
  const head = Buffer.alloc(64);
  head.writeUInt32LE(2, 0);
  head.writeUInt32LE(64, 4);
  head.writeUInt32LE(64 + plane.length, 8);
  return Buffer.concat([head, plane, plane]);
}

let made = 0;

function alter(file: Uint8Array, changes: Changes, transferSyntax?: string): Sent {
  const { dataset, meta } = readPart10(file);
  const { elements, source } = dataset.set;
  const own = new Map<number, Element>();
  for (const { tag, vr = 'UN', offset, length } of elements.values()) {
    own.set(tag, { tag, vr, value: Buffer.from(source.bytes.subarray(offset, offset + length)) });
  }
  made += 1;
  const uid = (what: string) => deriveUid('hostile', String(made), what);
  const uids = { StudyInstanceUID: uid('study'), SeriesInstanceUID: uid('series'), SOPInstanceUID: uid('instance') };
  for (const [keyword, raw] of Object.entries<Raw | undefined>({ ...uids, ...changes })) {
    const tag = tagNumber(keyword);
    if (raw === undefined) own.delete(tag);
    else own.set(tag, elementOf(tag, own.get(tag)?.vr ?? vrOf(keyword) ?? 'UN', raw));
  }
  const syntax = transferSyntax ?? meta.TransferSyntaxUID;
  const sorted = [...own.values()].sort((a, b) => a.tag - b.tag);
  const { SOPClassUID } = changes;
  return {
    StudyInstanceUID: uids.StudyInstanceUID,
    command: {
      sopClass: typeof SOPClassUID === 'string' ? SOPClassUID : meta.MediaStorageSOPClassUID,
      sopInstance: uids.SOPInstanceUID,
      transferSyntax: syntax,
    },
    dataSet: Buffer.concat(sorted.map((element) => encode(element, syntax !== EXPLICIT))),
  };
}

function elementOf(tag: number, vr: string, raw: Raw): Element {
  if (typeof raw === 'string') return { tag, vr, value: Buffer.from(raw, 'latin1') };
  if (typeof raw === 'number') return { tag, vr: 'US', value: Buffer.from(uint16(raw).reverse()) };
  return Buffer.isBuffer(raw) ? { tag, vr, value: raw } : { tag, ...raw };
}

function encode({ tag, vr, value, open }: Element, isEncapsulated: boolean): Buffer {
  const pad = value.length % 2 === 0 ? [] : [Buffer.from(vr === 'UI' ? '\0' : ' ')];
  const length = open === true || (tag === PIXEL_DATA && isEncapsulated) ? 0xffffffff : value.length + pad.length;
  const head = [tag >>> 16, tag & 0xffff].flatMap((half) => uint16(half).reverse());
  const lengths = LONG_VRS.has(vr) ? [0, 0, ...uint32(length)] : uint16(length).reverse();
  return Buffer.concat([Buffer.from([...head, ...Buffer.from(vr), ...lengths]), value, ...pad]);
}

/** Little endian. */
const uint32 = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
/** Big endian. */
const uint16 = (value: number) => [(value >>> 8) & 0xff, value & 0xff];
