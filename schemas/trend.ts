import { z } from 'zod';
import { TrendRules } from './evaluation.ts';
import { Instant, Sha256, Slug, Uid } from './scalars.ts';
import { ObjectReference } from './store.ts';

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
  /** What became of its newest run; `none`: it has none; `withheld`: who asked is still to read its images without the result. */
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'out-of-scope', 'none', 'withheld']),
});
export type TrendExam = z.infer<typeof TrendExam>;

/** Everything that a trend is made of. */
export const TrendInput = z.object({
  pipeline: Slug,
  rules: TrendRules,
  /** What people call the structure; left out in states of before it was kept. */
  structureTitle: z.string().optional(),
  exams: z.array(TrendExam),
  measurements: z.array(Measurement),
  /** Oldest first. */
  entries: z.array(TrendEntry),
  /**
   * When patients were last merged, or exams moved, so that these became the patient's exams: a baseline that was confirmed
   * before is none. Left out: never.
   */
  patientChangedAt: Instant.optional(),
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

/** A trend as a DICOM object, where it may be sent, and what became of it there. */
export const TrendReportView = z.object({
  /** Digest of the state that it shows. */
  state: Sha256,
  sopInstanceUid: Uid,
  /** SHA-256 of the object: who sends it says that it is this one that they have looked at. */
  object: Sha256,
  receivers: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['clinical', 'research']),
      /** Why it must not go there, as a sentence; null where it may. */
      refusal: z.string().nullable(),
      /** Null: it was not sent there. */
      delivery: z
        .object({
          state: z.enum(['waiting', 'sent', 'refused']),
          reason: z.string().nullable(),
          attempts: z.int().nonnegative(),
          sentAt: z.string().nullable(),
        })
        .nullable(),
    }),
  ),
});
export type TrendReportView = z.infer<typeof TrendReportView>;

/** Body of `POST /api/v1/runs/<id>/trend/report`. */
export const TrendReportSubmission = z.object({
  /** As the report that was looked at names them: where they are others by now, nothing is sent. */
  state: Sha256,
  object: Sha256,
  /** Names of receivers. */
  receivers: z.array(Slug).min(1, 'choose at least one receiver').max(100),
});

/** `feedback/<evaluation>/trend-reports/…`: a report that somebody sent. */
export const SentTrendReport = z.object({
  pipeline: Slug,
  state: Sha256,
  run: Sha256,
  sopInstanceUid: Uid,
  object: ObjectReference,
  receiver: Slug,
  author: z.string(),
  sentAt: Instant,
});
export type SentTrendReport = z.infer<typeof SentTrendReport>;
