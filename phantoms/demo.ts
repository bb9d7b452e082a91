import { abdomenDemoExams } from './demo-abdomen.ts';
import { brainDemoExams } from './demo-brain.ts';
import { hipDemoExams } from './demo-hip.ts';

/** A phantom exam to send. */
export interface DemoStudy {
  readonly pipeline: string;
  readonly calledAETitle: string;
  readonly studyInstanceUid: string;
  /** Part 10 files, in a folder of their own. */
  readonly files: readonly string[];
  readonly description: string;
}

/**
 * Writes the exams of `npm run demo` below `folder`: some for every pipeline, all of which its model can read. The same
 * seed gives the same files.
 */
export async function demoStudies(folder: string, { seed }: { readonly seed: number }): Promise<DemoStudy[]> {
  const exams = [
    ...(await hipDemoExams(folder, { seed })),
    ...(await brainDemoExams(folder, { seed })),
    ...(await abdomenDemoExams(folder, { seed })),
  ];
  return exams.filter(({ expected }) => expected === 'succeeded');
}
