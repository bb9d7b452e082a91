import path from 'node:path';
import { type AbdomenExam, writeAbdomen } from './abdomen/exam.ts';

/** A phantom CT to send, and what should become of it. */
export interface AbdomenDemoExam {
  pipeline: 'liver-transplant-segmentation';
  calledAETitle: 'CI2_CD_LDN';
  studyInstanceUid: string;
  /** Part 10 files, in a folder of their own. */
  files: string[];
  description: string;
  expected: 'succeeded' | 'out-of-scope';
}

/** Small enough that both are made in a few seconds: 360 × 300 × 270 mm. */
const GRID = { size: [128, 104, 54], spacing: [2.8, 2.8, 5] } as const;

const exams: readonly (Pick<AbdomenDemoExam, 'description' | 'expected'> & Pick<AbdomenExam, 'options'>)[] = [
  {
    description: 'Donor, CT in the portal-venous phase',
    expected: 'succeeded',
    options: { ...GRID, phase: 'portal-venous', liver: 'normal', noise: 10, blur: 2, turn: [0, 0, 0] },
  },
  {
    description: 'CT without contrast medium, which the liver model must refuse',
    expected: 'out-of-scope',
    options: { ...GRID, phase: 'native', liver: 'normal', noise: 10, blur: 2, turn: [0, 0, 0] },
  },
];

/** Writes the demo's CT exams of the abdomen below `folder`, one folder each; the same seed gives the same files. */
export async function abdomenDemoExams(folder: string, options: { seed: number }): Promise<AbdomenDemoExam[]> {
  const written: AbdomenDemoExam[] = [];
  for (const [i, exam] of exams.entries()) {
    const { files, studyInstanceUid } = await writeAbdomen(path.join(folder, `abdomen-${i + 1}`), {
      seed: `demo/${options.seed}/abdomen/${i}`,
      patient: 201 + i,
      studyDate: '20260105',
      studyDescription: 'CT ABDOMEN',
      options: exam.options,
    });
    written.push({
      pipeline: 'liver-transplant-segmentation',
      calledAETitle: 'CI2_CD_LDN',
      studyInstanceUid,
      files,
      description: exam.description,
      expected: exam.expected,
    });
  }
  return written;
}
