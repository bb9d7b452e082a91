import { z } from 'zod';
import { Instant, Sha256, Slug, Version } from './scalars.ts';

/**
 * What a question is asked about: the `exam` once, each of its images (`image`), each of the patient's two hips whether
 * the model found it or not (`hip`), each box that the model drew (`box`), each structure of a segmentation, also one
 * of 0 mL (`structure`).
 */
export const QuestionSubject = z.enum(['exam', 'image', 'hip', 'box', 'structure']);
export type QuestionSubject = z.infer<typeof QuestionSubject>;

const base = {
  name: Slug,
  label: z.string().min(1),
  help: z.string().default(''),
  required: z.boolean().default(false),
  per: QuestionSubject,
};

/** A question of the form. No answer is ever chosen beforehand. */
export const Question = z.discriminatedUnion('kind', [
  z.strictObject({
    ...base,
    kind: z.literal('choice'),
    options: z.array(z.strictObject({ value: Slug, label: z.string().min(1) })).min(2),
  }),
  z
    .strictObject({
      ...base,
      kind: z.literal('rating'),
      from: z.int(),
      to: z.int(),
      fromLabel: z.string(),
      toLabel: z.string(),
    })
    .refine(({ from, to }) => to > from && to - from <= 10, { message: '`to` is 1 to 10 above `from`' }),
  z.strictObject({ ...base, kind: z.literal('text'), maxLength: z.int().positive().max(20_000).default(4000) }),
]);
export type Question = z.infer<typeof Question>;

/** How the volumes of a patient's exams are compared over time. */
export const TrendRules = z.strictObject({
  /** The structure that is followed. */
  structure: Slug,
  /** Growth against the baseline above which an exam is flagged, as a fraction: 0.4 is 40 %. */
  progression: z.number().positive(),
  /** Smallest baseline in mL against which a percentage means something. */
  minimumBaselineMl: z.number().nonnegative(),
});
export type TrendRules = z.infer<typeof TrendRules>;

/** `pipelines/<pipeline>/evaluation.yaml`: the clinical validation around a pipeline. */
export const Evaluation = z.strictObject({
  name: Slug,
  version: Version,
  title: z.string().min(1),
  pipeline: Slug,
  introduction: z.string().default(''),
  questions: z.array(Question).min(1),
  /** For longitudinal pipelines. */
  trend: TrendRules.optional(),
});
export type Evaluation = z.infer<typeof Evaluation>;

/** The answer to one question about one thing. */
export const FeedbackAnswer = z.strictObject({
  question: Slug,
  /**
   * `exam`, `right` or `left`, a structure's name, a SOPInstanceUID, or `<SOPInstanceUID>/<n>` for the n-th box of an
   * image, from 1.
   */
  subject: z.string().max(80),
  value: z.union([z.string().max(20_000), z.int()]),
});
export type FeedbackAnswer = z.infer<typeof FeedbackAnswer>;

/** `feedback/<evaluation>/<run>/<id>.json`, and an entry of `GET /api/v1/runs/<id>/feedback`. */
export const Feedback = z.object({
  id: z.uuid(),
  run: Sha256,
  evaluation: Slug,
  evaluationVersion: Version,
  author: z.string(),
  /** 1, 2, … of one author on one run. */
  version: z.int().min(1),
  /** Why it corrects the version before; null for the first. */
  reason: z.string().nullable(),
  answers: z.array(FeedbackAnswer),
  createdAt: Instant,
});
export type Feedback = z.infer<typeof Feedback>;

/** Body of `POST /api/v1/runs/<id>/feedback`. */
export const FeedbackSubmission = z.strictObject({
  /** Chosen by the sender: the same id again is the same entry. */
  id: z.uuid(),
  evaluationVersion: Version,
  answers: z.array(FeedbackAnswer).max(2000),
  /** Needed to correct what was sent before. */
  reason: z.string().trim().min(1).max(2000).nullable().default(null),
});
export type FeedbackSubmission = z.infer<typeof FeedbackSubmission>;
