import { z } from 'zod';
import { RunId } from './run.ts';
import { Slug } from './scalars.ts';

/** How far a replay may lie from what is expected. */
export const Tolerance = z.strictObject({
  /** Least Dice of each structure's label map with the first run's. */
  dice: z.number().min(0).max(1).default(0.98),
  /** Greatest difference of a volume in percent of the expected one … */
  volumePercent: z.number().nonnegative().default(5),
  /** … or in mL, whichever is more generous: small volumes differ by much in percent. */
  volumeMl: z.number().nonnegative().default(0.1),
  /** Least overlap of boxes. */
  iou: z.number().min(0).max(1).default(0.9),
});
export type Tolerance = z.infer<typeof Tolerance>;

/** A run of the cohort and what its replay must give. Without a word about something, the first run's result is expected. */
export const CohortRun = z.strictObject({
  run: RunId,
  /** What the case is for: it stands in the report. */
  about: z.string().default(''),
  expect: z
    .strictObject({
      status: z.enum(['succeeded', 'failed', 'out-of-scope']).optional(),
      /** Structure → mL. */
      volumesMl: z.record(Slug, z.number().nonnegative()).optional(),
      /** Side of the patient → class. */
      classes: z.partialRecord(z.enum(['left', 'right']), z.string()).optional(),
    })
    .default({}),
});
export type CohortRun = z.infer<typeof CohortRun>;

/** The file of `overread replay --cohort`: what a pipeline must pass before it is promoted. */
export const Cohort = z.strictObject({
  name: z.string().min(1),
  tolerance: Tolerance.prefault({}),
  runs: z.array(CohortRun).min(1),
});
export type Cohort = z.infer<typeof Cohort>;
