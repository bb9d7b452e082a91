import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { type BrainDemoExam, brainDemoExams } from './demo-brain.ts';

describe('brainDemoExams', () => {
  let folder: string;
  let exams: BrainDemoExam[];
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'phantoms-'));
    exams = await brainDemoExams(folder, { seed: 1 });
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('gives one patient three exams, one after the other, of which the last has grown', async () => {
    const headers = await Promise.all(
      exams.map(async ({ files }) => readPart10(await readFile(files[0] ?? ''), { untilPixelData: true }).dataset),
    );
    expect(new Set(headers.map((header) => header.text('PatientID'))).size).toBe(1);
    expect(headers.map((header) => header.text('StudyInstanceUID'))).toEqual(
      exams.map((exam) => exam.studyInstanceUid),
    );
    const dates = headers.map((header) => header.text('StudyDate') ?? '');
    expect(dates).toEqual(dates.toSorted());
    expect(exams.map(({ lesionMl }) => lesionMl)).toEqual([11, 11, 22]);
  });

  it('makes each exam a whole 3-D FLAIR that the pipeline takes', async () => {
    for (const { files } of exams) {
      const { dataset } = readPart10(await readFile(files[0] ?? ''), { untilPixelData: true });
      expect(files.length * (dataset.number('SliceThickness') ?? 0), 'mm of slices').toBeGreaterThanOrEqual(110);
      expect(dataset.text('SeriesDescription')).toMatch(/flair/i);
      expect(dataset.text('StudyDescription')).toMatch(/brain/i);
    }
  });
});
