import { createHmac } from 'node:crypto';
import type { Column } from '../csv.ts';
import type { Parts } from '../parts.ts';

/** What rows are read from. */
export type Sources = Pick<Parts, 'archive' | 'launchKey'> & {
  /** Which arm of the evaluation exams came to; left out: it has none. */
  readonly armsOf?: ((studies: readonly string[]) => Promise<ReadonlyMap<string, string>>) | undefined;
};

/** What every row says of its exam. */
export interface Facts {
  readonly studyInstanceUid: string;
  /** Pseudonym; an exam that is not held any more stands for a person of its own. */
  readonly patient: string;
  readonly sex: string | null;
  readonly ageBand: string | null;
  readonly scanner: string | null;
  /** Null where the evaluation has none, or the exam has come to none. */
  readonly arm: string | null;
  /** When the last image came; null where the exam is not held any more. */
  readonly receivedAt: Date | null;
}

/** The columns with which the row of every table begins. */
export const EXAM_COLUMNS: readonly Column<Facts>[] = [
  { name: 'study_instance_uid', description: 'StudyInstanceUID of the exam.', of: (row) => row.studyInstanceUid },
  {
    name: 'patient',
    description: 'Pseudonym, the same for all exams of a person at this site: for clustering.',
    of: (row) => row.patient,
  },
  { name: 'sex', description: 'M, F or O as in the images; empty: not given.', of: (row) => row.sex },
  { name: 'age_band', description: 'Age at the exam in tens of years; 90+ from 90 on.', of: (row) => row.ageBand },
  {
    name: 'scanner',
    description: 'Manufacturer and model as in the images; empty: not given.',
    of: (row) => row.scanner,
  },
  {
    name: 'arm',
    description: 'Arm of the evaluation to which the exam came; empty: none. Never pool arms.',
    of: (row) => row.arm,
  },
];

/** What may be said of these exams. @returns a function that knows each of them */
export async function factsOf(
  { archive, launchKey, armsOf }: Sources,
  studies: readonly string[],
): Promise<(studyInstanceUid: string) => Facts> {
  const key = createHmac('sha256', launchKey).update('pseudonyms of patients').digest();
  const [held, arms] = await Promise.all([archive.examFacts([...new Set(studies)], key), armsOf?.(studies)]);
  return (studyInstanceUid) => {
    const facts = held.get(studyInstanceUid);
    return {
      studyInstanceUid,
      patient: facts?.patient ?? studyInstanceUid,
      sex: facts?.sex ?? null,
      ageBand: facts?.ageBand ?? null,
      scanner: facts?.scanner ?? null,
      arm: arms?.get(studyInstanceUid) ?? null,
      receivedAt: facts?.lastReceivedAt ?? null,
    };
  };
}
