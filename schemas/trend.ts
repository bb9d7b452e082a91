import { z } from 'zod';
import { TrendRules } from './evaluation.ts';
import { Instant, Sha256, Slug, Uid } from './scalars.ts';

/** Whose volume it is. Volumes of different makers are never compared with each other. */
export const VolumeMaker = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('model'), name: z.string(), version: z.string(), sha256: Sha256 }),
  /** Brought in by a person: an expert's, a novice's, made with a tool. */
  z.object({ kind: z.literal('imported'), source: z.string(), tool: z.string() }),
  /** Edited by readers, whoever they are; `from` is whose results they changed: `brain-lesion 1.0.0`. */
  z.object({ kind: z.literal('edited'), from: z.string() }),
]);
export type VolumeMaker = z.infer<typeof VolumeMaker>;

/** The volume of the followed structure at one exam. */
export const Measurement = z.object({
  run: Sha256,
  studyInstanceUid: Uid,
  maker: VolumeMaker,
  volumeMl: z.number().nonnegative(),
  complete: z.boolean(),
});
export type Measurement = z.infer<typeof Measurement>;

/** What a person says of an exam in the trend. Only ever added to: the last word on an exam counts. */
export const TrendEntry = z.object({
  id: z.uuid(),
  pipeline: Slug,
  studyInstanceUid: Uid,
  /** `baseline`: the others are compared with it; `withdrawn`: it counts no more; `restored`: it counts again. */
  kind: z.enum(['baseline', 'withdrawn', 'restored']),
  author: z.string(),
  reason: z.string(),
  createdAt: Instant,
});
export type TrendEntry = z.infer<typeof TrendEntry>;

/** An exam of the patient. No PHI: it is kept in the object store. */
export const TrendExam = z.object({
  studyInstanceUid: Uid,
  /** YYYYMMDD and HHMMSS as the images have it; null where they do not. */
  date: z.string().nullable(),
  time: z.string().nullable(),
  /** Its description says that it was made after an operation. */
  postOperative: z.boolean(),
  /** What became of its newest run; `none`: it has none. */
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'out-of-scope', 'none']),
});
export type TrendExam = z.infer<typeof TrendExam>;

/** Everything that a trend is made of. */
export const TrendInput = z.object({
  pipeline: Slug,
  rules: TrendRules,
  exams: z.array(TrendExam),
  measurements: z.array(Measurement),
  /** Oldest first. */
  entries: z.array(TrendEntry),
});
export type TrendInput = z.infer<typeof TrendInput>;

/** One exam on a curve. */
export const TrendPoint = z.object({
  run: Sha256,
  studyInstanceUid: Uid,
  date: z.string(),
  volumeMl: z.number(),
  complete: z.boolean(),
  isBaseline: z.boolean(),
  /** (volume − baseline) / baseline, as a fraction; null where `reason` says why there is none. */
  change: z.number().nullable(),
  /** The volume that it is compared with is another maker's: an edited one, with what the model found at the baseline. */
  comparedWith: VolumeMaker.optional(),
  /** `change` is beyond the threshold; null without a change. */
  progression: z.boolean().nullable(),
  /** Why there is no change; null where there is. */
  reason: z.string().nullable(),
});
export type TrendPoint = z.infer<typeof TrendPoint>;

export const TrendCurve = z.object({ maker: VolumeMaker, points: z.array(TrendPoint) });
export type TrendCurve = z.infer<typeof TrendCurve>;

/** The results of one patient over time. */
export const Trend = z.object({
  pipeline: Slug,
  rules: TrendRules,
  /** The exam that the others are compared with; null where no exam has a volume. */
  baseline: z
    .object({
      studyInstanceUid: Uid,
      /** Who confirmed it and when; null: only suggested, because it is the first. */
      confirmed: z.object({ author: z.string(), at: Instant, reason: z.string() }).nullable(),
    })
    .nullable(),
  /** One for each maker: models before people, each in the order of the exams. */
  curves: z.array(TrendCurve),
  /** Exams that are on no curve, and why: a sentence. */
  left: z.array(z.object({ studyInstanceUid: Uid, date: z.string().nullable(), reason: z.string() })),
});
export type Trend = z.infer<typeof Trend>;

/** `results/<pipeline>/trends/<digest>.json`: a trend that somebody saw, with what it was made of. */
export const TrendState = z.object({ digest: Sha256, input: TrendInput, trend: Trend });
export type TrendState = z.infer<typeof TrendState>;
