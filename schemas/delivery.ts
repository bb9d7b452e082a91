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
