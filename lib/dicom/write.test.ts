import { describe, expect, it } from 'vitest';
import { readPart10 } from './dataset.ts';
import { decodeFrame } from './pixels.ts';
import { type Elements, Verbatim, writePart10 } from './write.ts';

const minimal = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SOPInstanceUID: '1.2.3' };

describe('writePart10', () => {
  it('sorts by tag and pads to even lengths', () => {
    const { dataset } = readPart10(writePart10({ PatientID: 'ABC', Modality: 'CR', ...minimal }));
    expect(dataset.keywords()).toEqual(['SOPClassUID', 'SOPInstanceUID', 'Modality', 'PatientID']);
    expect(dataset.bytes('PatientID')).toEqual(Buffer.from('ABC '));
    expect(dataset.bytes('SOPInstanceUID')).toEqual(Buffer.from('1.2.3\0'));
  });

  it('says UTF-8 only where there is more than ASCII', () => {
    expect(readPart10(writePart10(minimal)).dataset.has('SpecificCharacterSet')).toBe(false);
    const { dataset } = readPart10(writePart10({ ...minimal, ContentSequence: [{ TextValue: 'Hüfte' }] }));
    expect(dataset.text('SpecificCharacterSet')).toBe('ISO_IR 192');
    expect(dataset.items('ContentSequence')[0]?.text('TextValue')).toBe('Hüfte');
  });

  it('repeats foreign text byte by byte, and writes its own in the same character set', () => {
    const foreign = { PatientName: new Verbatim(Buffer.from('M\xfcller^A', 'latin1')) };
    const sets = { SpecificCharacterSet: new Verbatim(Buffer.from('ISO_IR 100')) };
    const { dataset } = readPart10(writePart10({ ...minimal, ...foreign, ...sets, SeriesDescription: 'Schädel' }));
    expect(dataset.bytes('PatientName')).toEqual(Buffer.from('M\xfcller^A', 'latin1'));
    expect([dataset.text('PatientName'), dataset.text('SeriesDescription')]).toEqual(['Müller^A', 'Schädel']);
    const greek = { ...minimal, ...foreign, ...sets, SeriesDescription: 'ξ' };
    expect(() => writePart10(greek)).toThrow('SpecificCharacterSet must be one that can hold the text');
    expect(() => writePart10({ ...minimal, ...foreign, SeriesDescription: 'ä' })).toThrow('SpecificCharacterSet');
  });

  it('becomes UTF-8 where what it repeats is ASCII', () => {
    const ascii = {
      PatientName: new Verbatim(Buffer.from('Doe')),
      SpecificCharacterSet: new Verbatim(Buffer.alloc(0)),
    };
    const { dataset } = readPart10(writePart10({ ...minimal, ...ascii, SeriesDescription: 'ξ' }));
    expect([dataset.text('SpecificCharacterSet'), dataset.text('SeriesDescription')]).toEqual(['ISO_IR 192', 'ξ']);
  });

  it('writes long decimals implicitly', () => {
    const ContourData = Array.from({ length: 20_000 }, (_, index) => index / 8);
    expect(() => writePart10({ ...minimal, ContourData })).toThrow('ContourData must have at most 65534 bytes');
    const { dataset, meta } = readPart10(writePart10({ ...minimal, ContourData }, { implicit: true }));
    expect(meta.TransferSyntaxUID).toBe('1.2.840.10008.1.2');
    expect(dataset.numbers('ContourData')).toEqual(ContourData);
  });

  it('fits decimals into their 16 characters', () => {
    const { dataset } = readPart10(writePart10({ ...minimal, PixelSpacing: [1 / 3, -1.23456789012345e-7] }));
    expect(dataset.texts('PixelSpacing').every((text) => text.length <= 16)).toBe(true);
    expect(dataset.numbers('PixelSpacing')[0]).toBeCloseTo(1 / 3, 12);
  });

  it('writes pixels that are read back', async () => {
    const pixels = Uint16Array.from([0, 1, 1000, 4095]);
    const image = { Rows: 2, Columns: 2, SamplesPerPixel: 1, BitsAllocated: 16, BitsStored: 12, HighBit: 11 };
    const frame = await decodeFrame(writePart10({ ...minimal, ...image, PixelRepresentation: 0, PixelData: pixels }));
    expect(frame.pixels).toEqual(pixels);
  });

  it.each<[string, Elements, string]>([
    ['an unknown keyword', { ShoeSize: 1 }, 'DICOM has no attribute with the keyword "ShoeSize".'],
    ['an invalid UID', { StudyInstanceUID: '1.02' }, 'StudyInstanceUID must be a UID'],
    ['a code in lower case', { Modality: 'cr' }, 'Modality must have at most 16 capital letters'],
    ['a number that does not fit', { Rows: 70000 }, 'Rows must be a number that US can hold.'],
    ['text for a number', { Rows: '5' }, 'Rows must be a number that US can hold.'],
    ['a date with dashes', { StudyDate: '2026-01-01' }, 'StudyDate must be a date of eight digits.'],
    ['a backslash', { PatientID: 'a\\b' }, 'PatientID must have at most 64 characters and no backslash.'],
    ['text for a sequence', { ContentSequence: 'x' }, 'ContentSequence is a sequence and takes a list of elements.'],
    ['bytes for text', { PatientID: Uint8Array.of(1) }, 'PatientID has the VR LO and takes no bytes.'],
    ['meta information', { TransferSyntaxUID: '1.2' }, 'TransferSyntaxUID belongs to no data set.'],
    ['a class that is none', { SOPClassUID: '1.2.3' }, 'SOPClassUID must be a SOP class of PS3.6.'],
    ['no instance', { SOPInstanceUID: '' }, 'SOPInstanceUID must be a valid UID.'],
    [
      'another character set',
      { SpecificCharacterSet: 'ISO_IR 100', PatientName: 'Ж' },
      'SpecificCharacterSet must be one that can hold the text',
    ],
  ])('refuses %s', (_name, elements, message) => {
    expect(() => writePart10({ ...minimal, ...elements })).toThrow(message);
  });
});
