import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { deriveUid } from '../lib/dicom/uid.ts';
import { type Elements, writePart10 } from '../lib/dicom/write.ts';

/** Computed Radiography Image Storage. */
export const CR = '1.2.840.10008.5.1.4.1.1.1';

/** For tests: a small radiograph of a made-up patient. UIDs follow from `study` and `image`. */
export function radiograph(study: string, image: number, elements: Elements = {}): Buffer {
  const size = 16;
  return writePart10({
    SOPClassUID: CR,
    SOPInstanceUID: deriveUid('test', study, String(image)),
    StudyInstanceUID: deriveUid('test', study),
    SeriesInstanceUID: deriveUid('test', study, 'series'),
    PatientID: 'P1',
    IssuerOfPatientID: 'HOSPITAL',
    PatientName: 'Test^Patient',
    AccessionNumber: `A-${study}`.slice(0, 16),
    Modality: 'CR',
    StudyDescription: 'PELVIS',
    Rows: size,
    Columns: size,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: Uint16Array.from({ length: size * size }, (_, index) => (index * 7 + image) % 4096),
    ...elements,
  });
}

/** Writes files into a folder and answers their paths. */
export function written(folder: string, files: Readonly<Record<string, Uint8Array>>): string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(files).map(([name, bytes]) => {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    return file;
  });
}

/** The bytes of a file's data set. */
export function dataSetOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.subarray(readPart10(bytes, { untilPixelData: true }).dataSetOffset));
}
