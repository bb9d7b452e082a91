import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MalformedDicomError, readPart10 } from './dataset.ts';
import { fileMetaBytes } from './part10.ts';
import { writePart10 } from './write.ts';

const SEQUENCE = [0x08, 0x00, 0x40, 0x11, 0x53, 0x51, 0, 0, 0xff, 0xff, 0xff, 0xff];
const ITEM = [0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff];
const ITEM_END = [0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0];
const SEQUENCE_END = [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0];
const MODALITY = [0x08, 0x00, 0x60, 0x00, 0x43, 0x53, 2, 0, 0x43, 0x52];
/** The head of PixelData of 2 GB. */
const LONG_PIXELS = [0xe0, 0x7f, 0x10, 0, 0x4f, 0x57, 0, 0, 0, 0, 0, 0x7f];
/** Rows 258 as Explicit VR Big Endian. */
const BIG_ENDIAN = [
  0x00, 0x08, 0x00, 0x60, 0x43, 0x53, 0, 2, 0x43, 0x52, 0x00, 0x28, 0x00, 0x10, 0x55, 0x53, 0, 2, 1, 2,
];

function file(dataSet: readonly number[] | Uint8Array, TransferSyntaxUID = '1.2.840.10008.1.2.1'): Buffer {
  const meta = { MediaStorageSOPClassUID: '1.2.3', MediaStorageSOPInstanceUID: '1.2.4', TransferSyntaxUID };
  return Buffer.concat([fileMetaBytes(meta), Buffer.from(dataSet)]);
}

const radiograph = writePart10({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  SOPInstanceUID: '1.2.3.4',
  PatientName: 'Müller^Änne',
  StudyDescription: ' PELVIS ',
  PixelSpacing: [0.2, 0.25],
  ImageType: ['ORIGINAL', '', 'AXIAL'],
  Rows: 2,
  PixelRepresentation: 1,
  SmallestImagePixelValue: -5,
  AccessionNumber: '',
  ReferencedImageSequence: [{ ReferencedSOPInstanceUID: '1.2.5' }, { ReferencedSOPInstanceUID: '1.2.6' }],
  PatientComments: 'Übersicht',
});

describe('Dataset', () => {
  const { dataset } = readPart10(radiograph);

  it('gives text trimmed and in Unicode', () => {
    expect(dataset.text('PatientName')).toBe('Müller^Änne');
    expect(dataset.text('StudyDescription')).toBe('PELVIS');
    expect(dataset.text('PatientComments')).toBe('Übersicht');
  });

  it('keeps empty values between others', () => {
    expect(dataset.texts('ImageType')).toEqual(['ORIGINAL', '', 'AXIAL']);
  });

  it('tells absent and empty by has alone', () => {
    expect([dataset.text('AccessionNumber'), dataset.has('AccessionNumber')]).toEqual([undefined, true]);
    expect([dataset.text('PatientID'), dataset.has('PatientID')]).toEqual([undefined, false]);
  });

  it('gives numbers, signed where the pixels are', () => {
    expect(dataset.numbers('PixelSpacing')).toEqual([0.2, 0.25]);
    expect(dataset.number('SmallestImagePixelValue')).toBe(-5);
    expect(dataset.text('Rows')).toBe('2');
    expect(dataset.number('StudyDescription')).toBeUndefined();
  });

  it('gives items, which inherit the character set', () => {
    const uids = dataset.items('ReferencedImageSequence').map((item) => item.text('ReferencedSOPInstanceUID'));
    expect(uids).toEqual(['1.2.5', '1.2.6']);
    expect(dataset.items('PatientName')).toEqual([]);
  });
});

describe('readPart10', () => {
  it('finds the data set again, byte for byte', () => {
    const { dataSetOffset, meta } = readPart10(file(MODALITY));
    expect(file(MODALITY).subarray(dataSetOffset)).toEqual(Buffer.from(MODALITY));
    expect(meta.MediaStorageSOPInstanceUID).toBe('1.2.4');
  });

  it('reads a bare data set', () => {
    const { meta, dataset, dataSetOffset } = readPart10(radiograph.subarray(readPart10(radiograph).dataSetOffset));
    expect(dataSetOffset).toBe(0);
    expect(meta).toMatchObject({ MediaStorageSOPInstanceUID: '1.2.3.4', TransferSyntaxUID: '1.2.840.10008.1.2.1' });
    expect(dataset.number('Rows')).toBe(2);
  });

  it('reads big endian, stated or not', () => {
    expect(readPart10(file(BIG_ENDIAN, '1.2.840.10008.1.2.2')).dataset.number('Rows')).toBe(258);
    expect(readPart10(Uint8Array.from(BIG_ENDIAN)).dataset.number('Rows')).toBe(258);
  });

  it('reads an explicit data set that claims to be implicit', () => {
    expect(readPart10(file(MODALITY, '1.2.840.10008.1.2')).dataset.text('Modality')).toBe('CR');
  });

  it('reads a deflated data set', () => {
    const deflated = file(deflateRawSync(Buffer.from(MODALITY)), '1.2.840.10008.1.2.1.99');
    expect(readPart10(deflated).dataset.text('Modality')).toBe('CR');
  });

  it('reads of what inflates without end as much as it bears', () => {
    const begin = deflateRawSync(Buffer.from([...MODALITY, ...LONG_PIXELS]), { finishFlush: constants.Z_FULL_FLUSH });
    const block = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: constants.Z_FULL_FLUSH });
    const blocks = Array<Buffer>(129).fill(block);
    const { dataset, problem } = readPart10(file(Buffer.concat([begin, ...blocks]), '1.2.840.10008.1.2.1.99'));
    expect([dataset.text('Modality'), problem]).toEqual(['CR', 'a deflated data set that grows beyond 128 MB']);
  }, 30_000);

  it('reads of a deflated data set that is damaged what stands before that', () => {
    const begin = deflateRawSync(Buffer.from([...MODALITY, ...LONG_PIXELS]), { finishFlush: constants.Z_FULL_FLUSH });
    const damaged = Buffer.concat([begin, Buffer.alloc(100, 0x77)]);
    const { dataset, problem } = readPart10(file(damaged, '1.2.840.10008.1.2.1.99'));
    expect([dataset.text('Modality'), problem]).toEqual(['CR', 'a deflated data set that is damaged']);
    expect(() => readPart10(file(Buffer.alloc(100, 0x77), '1.2.840.10008.1.2.1.99'))).toThrow(
      'The file holds no data set that can be read: it has a deflated data set that is damaged.',
    );
  });

  it('keeps what stands before a truncation, and no half value', () => {
    const { dataset, complete } = readPart10(file([...MODALITY, 0x10, 0, 0x20, 0, 0x4c, 0x4f, 8, 0, 0x41, 0x42]));
    expect(complete).toBe(false);
    expect([dataset.text('Modality'), dataset.text('PatientID')]).toEqual(['CR', undefined]);
  });

  it('stops at the pixels on demand', () => {
    const pixels = [0xe0, 0x7f, 0x10, 0, 0x4f, 0x57, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4, 0xff];
    const { dataset, complete } = readPart10(file([...MODALITY, ...pixels]), { untilPixelData: true });
    expect([dataset.has('PixelData'), complete]).toEqual([true, true]);
  });

  it.each([
    [
      'text',
      Buffer.from('Dear colleague, here is no image at all.'),
      'This is no DICOM file: it begins neither with meta',
    ],
    ['nothing', Buffer.alloc(0), 'The file is too short to be DICOM.'],
    ['zeros', Buffer.alloc(4096), 'This is no DICOM file'],
    ['meta information alone', file([]), 'The file ends after its meta information.'],
  ])('refuses %s', (_name, bytes, message) => {
    expect(() => readPart10(bytes)).toThrow(MalformedDicomError);
    expect(() => readPart10(bytes)).toThrow(message);
  });
});

describe('hostile data sets', () => {
  it('bears sequences nested without end', () => {
    const nested = Array.from({ length: 100_000 }, () => [...SEQUENCE, ...ITEM]).flat();
    const { complete, dataset } = readPart10(file([...MODALITY, ...nested]));
    expect([complete, dataset.text('Modality')]).toEqual([false, 'CR']);
  });

  it('bears items without end', () => {
    const items = Buffer.alloc(8 * 1_100_000, Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]));
    expect(readPart10(file(Buffer.concat([Buffer.from(SEQUENCE), items]))).complete).toBe(false);
  }, 30_000);

  it('believes no length beyond the file', () => {
    const huge = [0x28, 0, 0x10, 0, 0x4f, 0x42, 0, 0, 0xfe, 0xff, 0xff, 0xff, 1, 2];
    const { complete, dataset } = readPart10(file([...MODALITY, ...huge]));
    expect([complete, dataset.texts('Rows'), dataset.bytes('Rows')]).toEqual([false, [], undefined]);
  });

  it('reads a sequence whose items have no end of their own', () => {
    const { dataset, complete } = readPart10(file([...SEQUENCE, ...ITEM, ...MODALITY, ...ITEM_END, ...SEQUENCE_END]));
    expect(complete).toBe(true);
    expect(dataset.items('ReferencedImageSequence').map((item) => item.text('Modality'))).toEqual(['CR']);
  });
});
