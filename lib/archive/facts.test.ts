import { describe, expect, it } from 'vitest';
import { fileMetaBytes, readFileHead } from '../dicom/part10.ts';
import { type Elements, writePart10 } from '../dicom/write.ts';
import { readFacts } from './facts.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';
const KEYWORDS = { keywords: ['StudyDescription', 'ImageType'] };

function image(elements: Elements = {}): Buffer {
  return writePart10({
    SOPClassUID: CR,
    SOPInstanceUID: '1.2.3',
    StudyInstanceUID: '1.2',
    SeriesInstanceUID: '1.2.1',
    PatientID: ' P1 ',
    IssuerOfPatientID: 'HOSPITAL',
    StudyDescription: 'PELVIS',
    ImageType: ['ORIGINAL', 'PRIMARY'],
    ...elements,
  });
}

/** The same data set, received under another SOPInstanceUID. */
function receivedAs(SOPInstanceUID: string, bytes: Buffer): Buffer {
  const { dataSetOffset, meta } = readFileHead(bytes);
  const head = fileMetaBytes({
    MediaStorageSOPClassUID: CR,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: meta.TransferSyntaxUID ?? '',
    ReceivingApplicationEntityTitle: 'HIP',
  });
  return Buffer.concat([head, bytes.subarray(dataSetOffset)]);
}

describe('readFacts', () => {
  it('tells identifiers, patient, tags and where the data set begins', () => {
    const bytes = receivedAs('1.2.3', image());
    expect(readFacts(bytes, KEYWORDS)).toMatchObject({
      SOPInstanceUID: '1.2.3',
      commandSOPInstanceUID: '1.2.3',
      SOPClassUID: CR,
      StudyInstanceUID: '1.2',
      SeriesInstanceUID: '1.2.1',
      calledAETitle: 'HIP',
      patient: { PatientID: 'P1', IssuerOfPatientID: 'HOSPITAL' },
      tags: { StudyDescription: ['PELVIS'], ImageType: ['ORIGINAL', 'PRIMARY'] },
      own: false,
      problem: undefined,
      dataSetOffset: readFileHead(bytes).dataSetOffset,
    });
  });

  it('keeps the UID of the command apart from the one in the data set', () => {
    expect(readFacts(receivedAs('1.9', image()), KEYWORDS)).toMatchObject({
      SOPInstanceUID: '1.2.3',
      commandSOPInstanceUID: '1.9',
    });
  });

  it('has no patient, and no UID of its own, where the instance broke off before; the command has one', () => {
    const bytes = receivedAs('1.2.3', image());
    const { dataSetOffset } = readFileHead(bytes);
    const cut = bytes.subarray(0, dataSetOffset + 20);
    expect(readFacts(cut, KEYWORDS)).toMatchObject({
      SOPInstanceUID: '1.2.3',
      StudyInstanceUID: '',
      patient: undefined,
      problem: 'It breaks off, or is broken, before its end.',
    });
  });

  it('has an empty PatientID where there is none', () => {
    expect(readFacts(image({ PatientID: '', IssuerOfPatientID: undefined }), KEYWORDS).patient).toMatchObject({
      PatientID: '',
      IssuerOfPatientID: '',
    });
  });

  it('takes an invalid UID for none', () => {
    const bytes = image();
    bytes.write('1.x.3', bytes.lastIndexOf('1.2.3'), 'latin1');
    expect(readFacts(bytes, KEYWORDS).SOPInstanceUID).toBe('');
  });

  it('knows what Overread made', () => {
    expect(readFacts(image({ ManufacturerModelName: 'Overread' }), KEYWORDS).own).toBe(true);
    expect(readFacts(image({ Manufacturer: 'Overread', ManufacturerModelName: 'Phantom' }), KEYWORDS).own).toBe(false);
  });

  it('gives texts that PostgreSQL takes', () => {
    const bytes = image({ StudyDescription: 'PEL#IS' });
    bytes.write('\0', bytes.indexOf('#'), 'latin1');
    expect(readFacts(bytes, KEYWORDS).study.StudyDescription).toBe('PELIS');
    const long = readFacts(image({ ManufacturerModelName: 'm', ImageComments: 'x'.repeat(900) }), {
      keywords: ['ImageComments'],
    });
    expect(long.tags.ImageComments?.[0]).toHaveLength(256);
  });

  it('says that an image has no pixels, and takes a document without them', () => {
    expect(readFacts(image({ Rows: 10, Columns: 10 }), KEYWORDS).problem).toBe(
      'It describes an image and holds no pixels.',
    );
    expect(readFacts(image(), KEYWORDS).problem).toBeUndefined();
  });

  it('judges a file by its beginning', () => {
    const bytes = image({ Rows: 100, Columns: 100, BitsAllocated: 16, PixelData: new Uint16Array(10_000) });
    const beginning = bytes.subarray(0, bytes.length - 15_000);
    expect(readFacts(beginning, { ...KEYWORDS, size: bytes.length }).problem).toBeUndefined();
    expect(readFacts(beginning, { ...KEYWORDS, size: bytes.length - 1 }).problem).toMatch(/breaks off/);
    expect(readFacts(beginning, KEYWORDS).problem).toMatch(/breaks off/);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from(Array.from({ length: 2000 }, (_, index) => (index * 97) % 251))],
    ['only file meta information', receivedAs('1.2.3', Buffer.alloc(0))],
  ])('says why it cannot read %s', (_, bytes) => {
    const facts = readFacts(bytes, KEYWORDS);
    expect(facts.problem).toMatch(/\.$/);
    expect(facts.StudyInstanceUID).toBe('');
  });
});
