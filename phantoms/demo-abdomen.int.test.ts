import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { type AbdomenDemoExam, abdomenDemoExams } from './demo-abdomen.ts';

let folder: string;
let exams: AbdomenDemoExam[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'abdomen-demo-'));
  exams = await abdomenDemoExams(folder, { seed: 1 });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('has a donor and a native CT that must be refused, each an exam of its own', () => {
  expect(exams.map(({ expected }) => expected)).toEqual(['succeeded', 'out-of-scope']);
  expect(new Set(exams.map(({ studyInstanceUid }) => studyInstanceUid)).size).toBe(2);
});

it("has axial slices in order, the patient's left at the image's right", async () => {
  for (const { files, studyInstanceUid } of exams) {
    const heights: number[] = [];
    for (const file of files) {
      const { dataset } = readPart10(await readFile(file));
      expect(dataset.text('StudyInstanceUID')).toBe(studyInstanceUid);
      expect(dataset.numbers('ImageOrientationPatient')).toEqual([1, 0, 0, 0, 1, 0]);
      expect(dataset.text('Modality')).toBe('CT');
      heights.push(dataset.numbers('ImagePositionPatient')[2] ?? Number.NaN);
    }
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
    expect(files.length).toBeGreaterThan(40);
  }
});
