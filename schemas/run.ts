import { z } from 'zod';
import { Condition, InputSource } from './pipeline.ts';
import { Problem } from './problem.ts';
import { Instant, Sha256, Slug, Uid, Version } from './scalars.ts';
import { ObjectReference } from './store.ts';

/** A run's id: the SHA-256 of its run.json. */
export const RunId = Sha256;

/** One instance that a run reads. */
export const RunInstance = z.object({
  SOPInstanceUID: Uid,
  SOPClassUID: Uid,
  SeriesInstanceUID: Uid,
  object: ObjectReference,
});
export type RunInstance = z.infer<typeof RunInstance>;

/** A model as the run uses it: the card and the weights, by content. */
export const RunModel = z.object({
  name: Slug,
  version: Version,
  /** SHA-256 of the weights. */
  sha256: Sha256,
  card: ObjectReference,
  weights: ObjectReference,
});
export type RunModel = z.infer<typeof RunModel>;

/** A step of the resolved plan. `needs` is complete: declared, from inputs and from conditions. */
export const RunStep = z.object({
  name: Slug,
  operator: Slug,
  needs: z.array(Slug),
  when: z.array(Condition),
  inputs: z.record(z.string(), InputSource),
  models: z.record(z.string(), z.string()),
  parameters: z.record(z.string(), z.unknown()),
  timeoutSeconds: z.int().positive(),
  attempts: z.int().min(1),
});
export type RunStep = z.infer<typeof RunStep>;

/** `runs/<run>/run.json`: the immutable, resolved plan. It holds no time and no trigger, so that the same work is the same run. */
export const Run = z.object({
  pipeline: z.object({ name: Slug, version: Version, title: z.string() }),
  study: z.object({
    StudyInstanceUID: Uid,
    /** Digest of the admitted instances. */
    version: Sha256,
  }),
  instances: z.array(RunInstance),
  /** Only where `instances` is empty (a study sent on demand): what came instead, so that the reason can be said. */
  notAdmitted: z.array(z.object({ SOPClassUID: z.string(), instances: z.int().positive() })),
  models: z.record(z.string(), RunModel),
  steps: z.array(RunStep).min(1),
  amends: RunId.nullable(),
  replayOf: RunId.nullable(),
  /** A file that a person brought in for this exam; steps read it as `run.imported`. */
  imported: ObjectReference.optional(),
  /** The DICOM Segmentation of the result that a reader changed into `imported`; steps read it as `run.edited`. */
  edited: ObjectReference.optional(),
});
export type Run = z.infer<typeof Run>;

/** `runs/<run>/triggers/<id>.json`: why the run exists; any number of them. No PHI. */
export const Trigger = z.object({
  kind: z.enum(['route', 'called-ae-title', 'person', 'prior', 'replay']),
  /** The route's name, the called AE title, the account's name. */
  by: z.string(),
  at: Instant,
});
export type Trigger = z.infer<typeof Trigger>;

/** `runs/<run>/steps/<step>/<attempt>/started.json`: the call was made. */
export const AttemptStarted = z.object({ attempt: z.int().min(1), startedAt: Instant });
export type AttemptStarted = z.infer<typeof AttemptStarted>;

/** `runs/<run>/steps/<step>/<attempt>/failed.json`: how the call ended. */
export const AttemptFailed = z.object({
  attempt: z.int().min(1),
  failedAt: Instant,
  problem: Problem,
  /** Whether trying again may help. */
  retryable: z.boolean(),
});
export type AttemptFailed = z.infer<typeof AttemptFailed>;

/** `runs/<run>/end.json`: the run ended, well or not. */
export const End = z.object({
  status: z.enum(['succeeded', 'failed', 'out-of-scope']),
  /** A sentence a person understands; null where it succeeded. */
  reason: z.string().nullable(),
  /** The step that decided it. */
  step: Slug.nullable(),
  endedAt: Instant,
  /** How many retries by hand this ending takes into account. */
  retries: z.int().nonnegative(),
});
export type End = z.infer<typeof End>;

/** `runs/<run>/retries/<n>.json`: a person asked for another try of a run that had ended; holds the ending it set aside. */
export const Retry = z.object({
  number: z.int().min(1),
  by: z.string(),
  at: Instant,
  setAside: End,
  /** Number of the last attempt of each step that had failed by then; left out by those who asked before it was kept. */
  tried: z.record(Slug, z.int().min(1)).optional(),
});
export type Retry = z.infer<typeof Retry>;
