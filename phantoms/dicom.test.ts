import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { decodeFrame } from '../lib/dicom/pixels.ts';
import { hipDemoExams } from './demo-hip.ts';
import { type DicomOptions, radiographToDicom } from './dicom.ts';
import { hipRadiograph } from './hip.ts';
import { otherKinds, otherRadiograph } from './other.ts';

const identity = { seed: 'test', patient: 7, image: 1, name: 'Hip', studyDescription: 'PELVIS' };
const left = hipRadiograph('test', { longSide: 160, framing: 'left', mirrored: false });
const read = (options: DicomOptions) => readPart10(radiographToDicom(left, identity, options)).dataset;

describe('radiographToDicom', () => {
  it.each(['CR', 'DX'] as const)('writes %s with the pixels, the orientation and the side', async (sopClass) => {
    const dataset = read({ sopClass });
    expect(dataset.text('Modality')).toBe(sopClass);
    expect(dataset.text('PatientID')).toBe('PHANTOM-0007');
    expect(dataset.texts('PatientOrientation')).toEqual(['L', 'F']);
    expect(dataset.text('ImageLaterality')).toBe('L');
    expect(dataset.text('ViewPosition')).toBe('AP');
    const image = await decodeFrame(radiographToDicom(left, identity, { sopClass }));
    expect(image.photometricInterpretation).toBe(left.photometricInterpretation);
    expect(Array.from(image.pixels)).toEqual(Array.from(left.pixels));
  });

  it('leaves sides out, or contradicts them, where it is asked to', () => {
    expect(read({ sides: 'absent' }).text('PatientOrientation')).toBeUndefined();
    expect(read({ sides: 'absent' }).text('ImageLaterality')).toBeUndefined();
    expect(read({ sides: 'contradictory' }).text('ImageLaterality')).toBe('R');
  });

  it('gives the same bytes for the same phantom', () => {
    expect(radiographToDicom(left, identity).equals(radiographToDicom(left, identity))).toBe(true);
  });
});

describe('otherRadiograph', () => {
  it.each(otherKinds)('shows no hip in a %s', (kind) => {
    const image = otherRadiograph('test', { kind, longSide: 120 });
    expect(image.hips).toEqual([]);
    expect(image.pixels.length).toBe(image.rows * image.columns);
    // A page may be blank.
    if (kind !== 'page') expect(new Set(image.pixels).size, 'grey levels').toBeGreaterThan(8);
  });
});

describe('hipDemoExams', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'phantoms-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('writes exams that succeed, each in a folder of its own, and one out of scope when asked', {
    timeout: 60_000,
  }, async () => {
    const studies = await hipDemoExams(folder, { seed: 3, outOfScope: true });
    expect(studies.map(({ expected }) => expected)).toEqual(['succeeded', 'succeeded', 'out-of-scope']);
    expect(new Set(studies.map(({ files }) => path.dirname(files[0] ?? ''))).size).toBe(studies.length);
    for (const { studyInstanceUid, files } of studies) {
      for (const file of files) {
        const { dataset } = readPart10(await readFile(file), { untilPixelData: true });
        expect(dataset.text('StudyInstanceUID')).toBe(studyInstanceUid);
        expect(dataset.text('StudyDescription')).toBe('PELVIS');
      }
    }
  });
});
