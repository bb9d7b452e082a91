import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GridWishes, gridOf } from './volume.ts';
import { type CtAcquisition, type MrAcquisition, writeSeries } from './volume-dicom.ts';

/** David Clunie's validator, in Debian's dicom3tools. */
const dciodvfy = '/usr/bin/dciodvfy';

const FLAIR: MrAcquisition = {
  modality: 'MR',
  repetitionTime: 6000,
  echoTime: 120,
  inversionTime: 1900,
  scanningSequence: ['SE', 'IR'],
};
const GRADIENT_ECHO: MrAcquisition = {
  modality: 'MR',
  repetitionTime: 8,
  echoTime: 3.7,
  flipAngle: 8,
  scanningSequence: 'GR',
};
const CT: CtAcquisition = { modality: 'CT' };

describe.skipIf(!existsSync(dciodvfy))('what dciodvfy says of volumes', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'phantoms-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const size = [12, 10, 2] as const;
  const cases: [string, MrAcquisition | CtAcquisition, GridWishes][] = [
    ['an axial FLAIR', FLAIR, { size, spacing: [0.9375, 0.9375, 6.5] }],
    ['a sagittal gradient echo', GRADIENT_ECHO, { size, spacing: [1, 1, 1], plane: 'sagittal' }],
    ['an oblique FLAIR', FLAIR, { size, spacing: [0.7, 0.7, 3.3], oblique: [17, -9, 31] }],
    ['a coronal CT', CT, { size, spacing: [0.8, 0.8, 2], plane: 'coronal' }],
    ['a reversed CT', { ...CT, kernel: 'BONE' }, { size, spacing: [0.8, 0.8, 2], reversed: true }],
  ];
  it.each(cases)('%s has no error', async (description, acquisition, wishes) => {
    const { files } = await writeSeries(path.join(folder, description), {
      exam: { seed: description, patient: 1, name: 'Test', studyDate: '20260105', studyDescription: 'TEST' },
      number: 3,
      description,
      bodyPart: 'HEAD',
      acquisition,
      volume: { grid: gridOf(wishes), values: new Int16Array(240).map((_, n) => n - 20) },
      contrastAgent: 'GADOBUTROL',
    });
    for (const file of files) {
      const told = await promisify(execFile)(dciodvfy, [file]).catch((failed: { stderr: string }) => failed);
      expect(told.stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
    }
  });
});
