import { describe, expect, it } from 'vitest';
import { readPart10 } from './dataset.ts';
import { bulkDataOf, dicomJson, littleEndianBytes } from './json.ts';
import { fileMetaBytes } from './part10.ts';
import { EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax.ts';
import { writePart10 } from './write.ts';

const at = (path: string) => `bulkdata/${path}`;
const meta = (TransferSyntaxUID: string) =>
  fileMetaBytes({ MediaStorageSOPClassUID: '1.2', MediaStorageSOPInstanceUID: '1.3', TransferSyntaxUID });
const read = (...parts: Uint8Array[]) => readPart10(Buffer.concat(parts)).dataset;

/** An element in explicit VR with a short length. */
function explicit(group: number, element: number, vr: string, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(element, 2);
  head.write(vr, 4, 'latin1');
  head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

const WRITTEN = writePart10({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  SOPInstanceUID: '1.2.3',
  PatientName: 'Straße^Jörg==ヨルク',
  PatientID: '',
  ImageType: ['DERIVED', '', 'OTHER'],
  PixelSpacing: [0.5, 0.25],
  InstanceNumber: 7,
  Rows: 2,
  Columns: 2,
  BitsAllocated: 16,
  FrameIncrementPointer: 'FrameTime',
  FrameTime: 1.5,
  ReferencedImageSequence: [{ ReferencedSOPInstanceUID: '1.2.4' }, {}],
  IconImageSequence: [{ Rows: 1, BitsAllocated: 16, PixelData: Uint16Array.of(1, 2) }],
  EncapsulatedDocument: Uint8Array.of(1, 2, 3, 4),
  PixelData: Uint16Array.of(1, 2, 3, 4),
});

describe('dicomJson', () => {
  const json = dicomJson(readPart10(WRITTEN).dataset, at);

  it('gives numbers, texts, names, tags, items and empty values their form', () => {
    expect(json['00100010']).toEqual({ vr: 'PN', Value: [{ Alphabetic: 'Straße^Jörg', Phonetic: 'ヨルク' }] });
    expect(json['00100020']).toEqual({ vr: 'LO' });
    expect(json['00080008']).toEqual({ vr: 'CS', Value: ['DERIVED', null, 'OTHER'] });
    expect(json['00280030']).toEqual({ vr: 'DS', Value: [0.5, 0.25] });
    expect(json['00200013']).toEqual({ vr: 'IS', Value: [7] });
    expect(json['00280009']).toEqual({ vr: 'AT', Value: ['00181063'] });
    expect(json['00081140']).toEqual({ vr: 'SQ', Value: [{ '00081155': { vr: 'UI', Value: ['1.2.4'] } }, {}] });
    expect(json['00080005']).toEqual({ vr: 'CS', Value: ['ISO_IR 192'] });
  });

  it('names pixels by an address, and holds short binary values itself', () => {
    expect(json['7FE00010']).toEqual({ vr: 'OW', BulkDataURI: 'bulkdata/7FE00010' });
    expect(json['00420011']).toEqual({ vr: 'OB', InlineBinary: 'AQIDBA==' });
    const [icon] = json['00880200']?.Value ?? [];
    expect(icon).toMatchObject({ '7FE00010': { BulkDataURI: 'bulkdata/00880200/0/7FE00010' } });
  });

  it('finds a value again by the path that it gave', () => {
    const { dataset } = readPart10(WRITTEN);
    const icon = bulkDataOf(dataset, '00880200/0/7FE00010');
    expect(icon && littleEndianBytes(icon.within, icon.tag)).toEqual(Buffer.from([1, 0, 2, 0]));
    for (const path of ['00880200/1/7FE00010', '00100010', '7FE00010/0', '../7FE00010', '7fe00010', '']) {
      expect(bulkDataOf(dataset, path), path).toBeUndefined();
    }
  });

  it('decodes the character set of the file, and says UTF-8', () => {
    const dataset = read(
      meta(EXPLICIT_VR_LITTLE_ENDIAN),
      explicit(0x0008, 0x0005, 'CS', Buffer.from('ISO_IR 100')),
      explicit(0x0010, 0x0010, 'PN', Buffer.from('J\xf6rg', 'latin1')),
    );
    expect(dicomJson(dataset, at)).toEqual({
      '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
      '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Jörg' }] },
    });
  });

  it('keeps private elements, and leaves out group lengths, numbers that are none and values that are cut short', () => {
    const dataset = read(
      meta(EXPLICIT_VR_LITTLE_ENDIAN),
      explicit(0x0008, 0x0000, 'UL', Buffer.alloc(4)),
      explicit(0x0018, 0x0050, 'DS', Buffer.from('thick ')),
      explicit(0x0019, 0x0010, 'LO', Buffer.from('SIEMENS MR')),
      explicit(0x0019, 0x1001, 'DS', Buffer.from('1.5\\2 ')),
      explicit(0x0019, 0x1002, 'SH', Buffer.alloc(0)),
      explicit(0x0020, 0x4000, 'LT', Buffer.from('a comment')).subarray(0, 12),
    );
    expect(dicomJson(dataset, at)).toEqual({
      '00180050': { vr: 'DS' },
      '00190010': { vr: 'LO', Value: ['SIEMENS MR'] },
      '00191001': { vr: 'DS', Value: [1.5, 2] },
      '00191002': { vr: 'SH' },
      '00204000': { vr: 'LT' },
    });
  });

  it('reads the creator of an implicit file as text, what it made as unknown', () => {
    const creator = Buffer.from([0x19, 0, 0x10, 0, 4, 0, 0, 0, 0x41, 0x43, 0x4d, 0x45]);
    const made = Buffer.from([0x19, 0, 1, 0x10, 2, 0, 0, 0, 1, 2]);
    expect(dicomJson(read(meta(IMPLICIT_VR_LITTLE_ENDIAN), creator, made), at)).toEqual({
      '00190010': { vr: 'LO', Value: ['ACME'] },
      '00191001': { vr: 'UN', InlineBinary: 'AQI=' },
    });
  });

  it('turns the words of a big endian file round', () => {
    const curve = Buffer.from([0x50, 0, 0x30, 0, 0x4f, 0x57, 0, 0, 0, 0, 0, 2, 0x01, 0x02]);
    const dataset = read(meta(EXPLICIT_VR_BIG_ENDIAN), curve);
    expect(dicomJson(dataset, at)).toEqual({ '50003000': { vr: 'OW', InlineBinary: 'AgE=' } });
  });

  it('bears sequences that are nested without end', () => {
    const depth = 20_000;
    const body = Buffer.alloc(depth * 20);
    for (let offset = 0; offset < body.length; offset += 20) {
      body.set([0x08, 0, 0x40, 0x11, 0x53, 0x51, 0, 0], offset);
      body.writeUInt32LE(body.length - offset - 12, offset + 8);
      body.set([0xfe, 0xff, 0, 0xe0], offset + 12);
      body.writeUInt32LE(body.length - offset - 20, offset + 16);
    }
    const dataset = read(meta(EXPLICIT_VR_LITTLE_ENDIAN), body);
    expect(JSON.stringify(dicomJson(dataset, at)).length).toBeLessThan(2_000);
  });
});
