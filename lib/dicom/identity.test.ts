import { describe, expect, it } from 'vitest';
import { readPart10 } from './dataset.ts';
import { encapsulatedFile } from './encapsulated.fixture.ts';
import { compareInstances } from './identity.ts';
import { fileMetaBytes } from './part10.ts';
import { type Elements, writePart10 } from './write.ts';

const elements: Elements = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  SOPInstanceUID: '1.2.3',
  StudyDescription: 'PELVIS',
  ReferencedImageSequence: [{ ReferencedSOPInstanceUID: '1.2.4' }],
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: 1,
  Columns: 4,
  BitsAllocated: 8,
  BitsStored: 7,
  HighBit: 6,
  PixelRepresentation: 0,
};
const PIXELS = Uint8Array.of(9, 7, 7, 7);
const original = writePart10({ ...elements, PixelData: PIXELS });

function rle(pixels: Uint8Array, more: Elements = {}): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(1, 0);
  header.writeUInt32LE(64, 4);
  const frame = Buffer.concat([header, Buffer.of(pixels.length - 1), pixels, Buffer.of(0x80)]);
  return encapsulatedFile({ ...elements, ...more }, '1.2.840.10008.1.2.5', [frame]);
}

describe('compareInstances', () => {
  it('calls the same data set identical, whoever sent it', async () => {
    const { dataSetOffset, meta } = readPart10(original);
    const head = fileMetaBytes({ ...meta, SourceApplicationEntityTitle: 'ANOTHER' });
    expect(await compareInstances(original, Buffer.concat([head, original.subarray(dataSetOffset)]))).toBe('identical');
  });

  it('recognises the same attributes and pixels in another encoding', async () => {
    expect(await compareInstances(original, rle(PIXELS))).toBe('re-encoded');
    expect(await compareInstances(rle(PIXELS, { DerivationDescription: 'Lossless RLE' }), original)).toBe('re-encoded');
  });

  it('does not count the bits that no value has', async () => {
    expect(await compareInstances(original, rle(Uint8Array.of(0x89, 7, 7, 7)))).toBe('re-encoded');
  });

  it.each<[string, Buffer]>([
    ['another pixel', rle(Uint8Array.of(9, 7, 7, 8))],
    ['another attribute', rle(PIXELS, { StudyDescription: 'CHEST' })],
    ['one attribute more', rle(PIXELS, { PatientID: '1' })],
    ['another item', rle(PIXELS, { ReferencedImageSequence: [{ ReferencedSOPInstanceUID: '1.2.5' }] })],
    ['one item more', rle(PIXELS, { ReferencedImageSequence: [{ ReferencedSOPInstanceUID: '1.2.4' }, {}] })],
    ['a loss', rle(PIXELS, { LossyImageCompression: '01' })],
    ['no pixels', writePart10(elements)],
    ['damaged pixels', encapsulatedFile(elements, '1.2.840.10008.1.2.5', [Uint8Array.of(1, 2)])],
    ['a truncation', original.subarray(0, original.length - 2)],
  ])('calls %s different', async (_name, other) => {
    expect(await compareInstances(original, other)).toBe('different');
    expect(await compareInstances(other, original)).toBe('different');
  });

  it('compares objects without pixels by their attributes', async () => {
    const report = { ...elements, SpecificCharacterSet: 'ISO_IR 192' };
    expect(await compareInstances(writePart10(report), writePart10({ ...report, ImageComments: 'x' }))).toBe(
      'different',
    );
    const padded = writePart10({ ...report, DataSetTrailingPadding: new Uint8Array(8) });
    expect(await compareInstances(writePart10(report), padded)).toBe('re-encoded');
  });
});
