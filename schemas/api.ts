import { z } from 'zod';
import { Device, Timings } from './manifest.ts';
import { Result } from './result.ts';
import { Trigger } from './run.ts';

/** A step of a run, as the API shows it. */
export const StepView = z.object({
  name: z.string(),
  operator: z.string(),
  status: z.enum(['waiting', 'due', 'running', 'succeeded', 'skipped', 'failed']),
  attempts: z.int().nonnegative(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  error: z.string().nullable(),
  /** Whether trying again may help after the error; false: the input can never work. Null without an error. */
  retryable: z.boolean().nullable(),
  device: Device.nullable(),
  timings: Timings.nullable(),
});

/** An entry of `GET /api/v1/runs`. */
export const RunView = z.object({
  id: z.string(),
  pipeline: z.string(),
  pipelineVersion: z.string(),
  studyInstanceUid: z.string(),
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'out-of-scope']),
  reason: z.string().nullable(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  amends: z.string().nullable(),
  replayOf: z.string().nullable(),
  triggers: z.array(Trigger),
  models: z.array(z.object({ name: z.string(), version: z.string(), sha256: z.string() })),
  steps: z.array(StepView),
  /** The published result; null until there is one. */
  result: Result.nullable(),
  /** There is a result, and who asks is still to read the images without it. */
  withheld: z.literal(true).optional(),
  /** Of a segmentation that a person brought in: for which pipeline, whose; of an edit the run whose result was changed. */
  imported: z
    .object({ pipeline: z.string(), source: z.string(), author: z.string(), edits: z.string().nullable() })
    .optional(),
});
export type RunView = z.infer<typeof RunView>;

/** What became of a run's objects that were to be delivered: one entry for a receiver and a state. */
export const DeliveryView = z.object({
  receiver: z.string(),
  /** `refused`: it must not go there; the reason says why. */
  state: z.enum(['waiting', 'sent', 'refused']),
  objects: z.int().positive(),
  /** Why it was refused, or what went wrong the last time. */
  reason: z.string().nullable(),
  attempts: z.int().nonnegative(),
  lastSentAt: z.string().nullable(),
});
export type DeliveryView = z.infer<typeof DeliveryView>;

/** Answer of `GET /api/v1/runs/<id>/deliveries`. */
export const DeliveryList = z.object({ deliveries: z.array(DeliveryView) });

/** Answer of `GET /api/v1/studies/<StudyInstanceUID>`. */
export const StudyView = z.object({
  studyInstanceUid: z.string(),
  state: z.enum(['receiving', 'complete']),
  instances: z.int(),
  series: z.int(),
  lastReceivedAt: z.string(),
  /** Instances of the study that wait in quarantine for a person. */
  quarantined: z.int(),
  routes: z.array(z.object({ route: z.string(), matched: z.boolean(), reason: z.string() })),
  runs: z.array(RunView),
});
export type StudyView = z.infer<typeof StudyView>;

/** An instance that was received and stays out of every run until a person decides. */
export const QuarantinedInstance = z.object({
  /** Of the file: `quarantine/<sha256>.dcm` in the bucket `dicom`. */
  sha256: z.string(),
  /** Null where it names no valid one. */
  studyInstanceUid: z.string().nullable(),
  sopInstanceUid: z.string().nullable(),
  /** A sentence, without PHI. */
  reason: z.string(),
  calledAETitle: z.string(),
  receivedAt: z.string(),
});
export type QuarantinedInstance = z.infer<typeof QuarantinedInstance>;

/** Answer of `GET /api/v1/quarantine`, newest first. */
export const QuarantineList = z.object({ instances: z.array(QuarantinedInstance) });
