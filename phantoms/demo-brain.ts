import path from 'node:path';
import { type PlannedExam, writeBrainPatient } from './brain/patient.ts';

/** One exam of the demo's brain patient, and what should become of it. */
export interface BrainDemoExam {
  pipeline: 'brain-tumor-segmentation';
  calledAETitle: 'CI2_CD_BTS';
  studyInstanceUid: string;
  /** Part 10 files, in a folder of their own. */
  files: string[];
  description: string;
  expected: 'succeeded';
  /** What is in the phantom, mL. */
  lesionMl: number;
}

const exams: readonly (PlannedExam & { description: string })[] = [
  { studyDate: '20250310', lesionMl: 11, oedemaMm: 0, description: 'FLAIR after the operation: baseline' },
  { studyDate: '20250616', lesionMl: 11, oedemaMm: -5, description: 'FLAIR three months later: unchanged' },
  { studyDate: '20250922', lesionMl: 22, oedemaMm: 2, description: 'FLAIR six months later: grown to twice its size' },
];

/** The whole head, as coarse as the model sees it anyway, so that the demo is quick. */
const GRID = { size: [112, 112, 72], spacing: [2, 2, 2.4] } as const;

/**
 * Writes three FLAIR exams of one operated patient below `folder`, one folder each: the lesion is at its baseline, stays,
 * and grows beyond the evaluation's threshold. The same seed gives the same files; `patient` is the number in PatientID.
 */
export async function brainDemoExams(
  folder: string,
  { seed, patient = 101 }: { seed: number; patient?: number },
): Promise<BrainDemoExam[]> {
  const written = await writeBrainPatient(path.join(folder, 'brain'), {
    seed: `demo-brain/${seed}`,
    patient,
    exams,
    contrasts: ['FLAIR'],
    grid: GRID,
  });
  return written.map(({ studyInstanceUid, series, lesionMl }, n) => ({
    pipeline: 'brain-tumor-segmentation',
    calledAETitle: 'CI2_CD_BTS',
    studyInstanceUid,
    files: series.flatMap(({ files }) => files),
    description: exams[n]?.description ?? '',
    expected: 'succeeded',
    lesionMl,
  }));
}
