import { z } from 'zod';
import { Instant, Sha256, Slug, Uid } from './scalars.ts';
import { ObjectReference } from './store.ts';

/**
 * `results/<pipeline>/<run>/deliver.json`: a step asks that objects be sent to receivers. Whether a receiver may have them
 * (clinical ones need an approval), how and how often, the gateway decides; a function never sends.
 */
export const DeliveryRequest = z.object({
  run: Sha256,
  pipeline: Slug,
  studyInstanceUid: Uid,
  requestedAt: Instant,
  /** Names of receivers in the site's file; null: those that the site gives the pipeline. */
  receivers: z.array(Slug).nullable(),
  objects: z
    .array(z.object({ SOPClassUID: Uid, SOPInstanceUID: Uid, SeriesInstanceUID: Uid, object: ObjectReference }))
    .min(1),
});
export type DeliveryRequest = z.infer<typeof DeliveryRequest>;

/** Of which exams an object speaks that goes to a receiver: what people say of these later can stop it. */
export interface ShownExams {
  /** Their StudyInstanceUIDs. The first is the one in which it lies, and whose images name the patient. */
  readonly exams: readonly string[];
  /**
   * Of an object that follows a patient over time: when people had last changed which exams the patient has; null: nobody had.
   * Left out: it speaks of its exams by themselves.
   */
  readonly patientChangedAt?: string | null;
}
