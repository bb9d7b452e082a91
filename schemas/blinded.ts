import { z } from 'zod';
import { EstimateView, SpreadView } from './report.ts';
import { Instant, Sha256, Slug, Uid, Version } from './scalars.ts';
import { StructureVolume } from './volume.ts';

/** A structure of a segmentation that blinded readers judge. */
export const CopiedStructure = StructureVolume.pick({
  name: true,
  title: true,
  volumeMl: true,
  voxels: true,
  complete: true,
});
export type CopiedStructure = z.infer<typeof CopiedStructure>;

/** `feedback/<evaluation>/copies/<id>.json`: whose a segmentation is that blinded readers judge. */
export const BlindedCopy = z.object({
  /** What readers know it by. */
  id: Sha256,
  evaluation: Slug,
  studyInstanceUid: Uid,
  /** `model`, or where what was brought in comes from. */
  source: Slug,
  /** The run whose segmentation it is. */
  run: Sha256,
  structures: z.array(CopiedStructure),
  /** Of the copy's file. */
  sha256: Sha256,
  createdAt: Instant,
});
export type BlindedCopy = z.infer<typeof BlindedCopy>;

/** How a question about a structure or an exam was answered, by whose segmentation it was about. */
export const RatingsBySource = z.object({
  question: Slug,
  label: z.string(),
  /** `exam`, or a structure's name. */
  subject: z.string(),
  source: Slug,
  /** Answers that count. */
  answers: z.int(),
  /** Of numbers and scales; null of other questions. */
  spread: SpreadView.nullable(),
  mean: z.number().nullable(),
  /** Option → how often it was chosen; null of numbers and scales. */
  chosen: z.record(z.string(), z.int()).nullable(),
});
export type RatingsBySource = z.infer<typeof RatingsBySource>;

/** Volumes of a structure by two sources on the same exams. */
export const SourceVolumes = z.object({
  structure: Slug,
  title: z.string(),
  first: Slug,
  second: Slug,
  exams: z.int(),
  patients: z.int(),
  /** second − first, mL; by patient where patients have several exams. */
  blandAltman: z.union([
    z.object({ pairs: z.int(), bias: EstimateView, lowerLimit: EstimateView, upperLimit: EstimateView }),
    z.object({ because: z.string() }),
  ]),
});
export type SourceVolumes = z.infer<typeof SourceVolumes>;

/** How long segmentations of a source took to make, and to judge, in minutes. */
export const SourceTimes = z.object({
  source: Slug,
  /** By hand, as who brought it in has said; of the model from the beginning of its run to its end. */
  made: SpreadView,
  /** At work at the form and in the viewer. */
  active: SpreadView,
  /** From opening to sending, with every pause. */
  whole: SpreadView,
});
export type SourceTimes = z.infer<typeof SourceTimes>;

/** What is told of exams that are read in one way. */
const BlindedFigures = z.object({
  ratings: z.array(RatingsBySource),
  agreement: z.array(
    z.object({
      question: Slug,
      label: z.string(),
      readers: z.array(z.string()),
      /** Segmentations, or structures of them, answered about. */
      cases: z.int(),
      fleissKappa: EstimateView,
      icc: z
        .union([z.object({ cases: z.int(), agreement: EstimateView }), z.object({ because: z.string() })])
        .nullable(),
    }),
  ),
  volumes: z.array(SourceVolumes),
  times: z.array(SourceTimes),
});
export type BlindedFigures = z.infer<typeof BlindedFigures>;

/** Answer of `GET /api/v1/evaluations/<name>/blinded`: what the lead of blinded reads is told. */
export const BlindedReport = z.object({
  evaluation: Slug,
  evaluationVersion: Version,
  pipeline: Slug,
  title: z.string(),
  asOf: Instant,
  /** Which answers count, in words. */
  rule: z.string(),
  sources: z.array(Slug),
  /** Readers of each exam, and how they are chosen. */
  readersPerCase: z.union([z.literal('all'), z.int()]),
  assignment: z.enum(['all', 'balanced', 'random']),
  /** Exams that are there to be read. */
  exams: z.int(),
  /** Those of them of which so many readers have judged every segmentation; of `all`, everybody who may. */
  complete: z.int(),
  /** Those of them that fewer readers have than each should: there are no more who may read them. */
  short: z.int(),
  /** Exams that wait for a segmentation, the longest waiting first. */
  waiting: z.array(
    z.object({
      studyInstanceUid: Uid,
      there: z.array(Slug),
      missing: z.array(Slug),
      since: Instant,
      /** When it is read with those that are there; null: it waits for all. */
      readAt: Instant.nullable(),
      /** Why its segmentations cannot be judged; null where nothing is known against it. */
      whyNot: z.string().nullable(),
    }),
  ),
  readers: z.array(
    z.object({
      reader: z.string(),
      /** Segmentations answered about, of `of` on the exams that the reader was given. */
      sent: z.int(),
      of: z.int(),
      corrections: z.int(),
      /** Null: nothing yet. */
      lastSentAt: Instant.nullable(),
    }),
  ),
  ...BlindedFigures.shape,
  /** Of an evaluation with arms, each for itself; then the figures above are empty: nothing of two arms is counted together. */
  arms: z.array(
    BlindedFigures.extend({
      arm: Slug,
      /** Readers see the volumes of what they judge. */
      showVolumes: z.boolean(),
      exams: z.int(),
      complete: z.int(),
    }),
  ),
});
export type BlindedReport = z.infer<typeof BlindedReport>;

/** Answer of `GET /api/v1/evaluations/<name>/key`: whose each segmentation is. Every look is written down. */
export const BlindingKey = z.object({
  evaluation: Slug,
  copies: z.array(BlindedCopy.omit({ evaluation: true, structures: true })),
});
export type BlindingKey = z.infer<typeof BlindingKey>;
