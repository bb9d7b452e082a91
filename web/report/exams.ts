import { createHmac } from 'node:crypto';
import type { Parts } from '../parts.ts';

/** What rows are read from. */
export type Sources = Pick<Parts, 'archive' | 'launchKey'>;

/** What every row says of its exam. */
export interface Facts {
  readonly studyInstanceUid: string;
  /** Pseudonym; an exam that is not held any more stands for a person of its own. */
  readonly patient: string;
  readonly sex: string | null;
  readonly ageBand: string | null;
  readonly scanner: string | null;
  /** When the last image came; null where the exam is not held any more. */
  readonly receivedAt: Date | null;
}

/** What may be said of these exams. @returns a function that knows each of them */
export async function factsOf(
  { archive, launchKey }: Sources,
  studies: readonly string[],
): Promise<(studyInstanceUid: string) => Facts> {
  const key = createHmac('sha256', launchKey).update('pseudonyms of patients').digest();
  const held = await archive.examFacts([...new Set(studies)], key);
  return (studyInstanceUid) => {
    const facts = held.get(studyInstanceUid);
    return {
      studyInstanceUid,
      patient: facts?.patient ?? studyInstanceUid,
      sex: facts?.sex ?? null,
      ageBand: facts?.ageBand ?? null,
      scanner: facts?.scanner ?? null,
      receivedAt: facts?.lastReceivedAt ?? null,
    };
  };
}
