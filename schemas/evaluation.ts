import { z } from 'zod';
import { Instant, Sha256, Slug, Version } from './scalars.ts';

/**
 * What a question is asked about: the `exam` once, each of its images (`image`), each of the patient's two hips whether
 * the model found it or not (`hip`), each box that the model drew (`box`), each structure of a segmentation, also one
 * of 0 mL (`structure`), each exam on the patient's trend on the day of the answer (`time-point`).
 */
export const QuestionSubject = z.enum(['exam', 'image', 'hip', 'box', 'structure', 'time-point']);
export type QuestionSubject = z.infer<typeof QuestionSubject>;

/**
 * When a question is asked: `quality` of the images, before any reader sees them; `unaided`, before the model is revealed;
 * `aided`, with the model's result in view; `adjudication`, where readers disagree; `blinded`, of a segmentation of which the
 * reader does not know who made it.
 */
export const Stage = z.enum(['quality', 'unaided', 'aided', 'adjudication', 'blinded']);
export type Stage = z.infer<typeof Stage>;

const base = {
  name: Slug,
  label: z.string().min(1),
  help: z.string().default(''),
  required: z.boolean().default(false),
  per: QuestionSubject,
  /** By default unaided and aided; questions about what the model drew (`box`, `structure`, `time-point`) aided only. */
  stages: z.array(Stage).min(1).optional(),
  /** Asked only where an earlier question about the same thing, or about the exam, was answered so. */
  when: z.strictObject({ question: Slug, is: z.array(z.union([Slug, z.int()])).min(1) }).optional(),
};

const options = z.array(z.strictObject({ value: Slug, label: z.string().min(1) })).min(2);

/** A question of the form. No answer is ever chosen beforehand. */
export const Question = z.discriminatedUnion('kind', [
  z.strictObject({
    ...base,
    kind: z.literal('choice'),
    options,
    /** The answer of a reader who agrees with the model: one of the options, or `model` for the class that it gave. */
    agree: Slug.optional(),
  }),
  z.strictObject({ ...base, kind: z.literal('choices'), options }),
  z
    .strictObject({ ...base, kind: z.literal('number'), unit: z.string().min(1), from: z.number(), to: z.number() })
    .refine(({ from, to }) => to > from, { message: '`to` is above `from`' }),
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

/** One of several ways in which the exams of an evaluation are read, to be compared. */
export const Arm = z.strictObject({
  name: Slug,
  /** Left out: as the evaluation. */
  mode: z.enum(['model-shown', 'unaided-first', 'never-revealed']).optional(),
  /** In place of the mode in an evaluation with blinded reads: whether readers see the volumes. Left out: as the evaluation. */
  showVolumes: z.boolean().optional(),
  /** So many exams of a round of all arms. */
  share: z.int().positive().max(20).default(1),
});
export type Arm = z.infer<typeof Arm>;

/** Who reads what, and what each sees when. */
export const Reading = z.strictObject({
  /**
   * `model-shown`: the result is in view from the start. `unaided-first`: the reader sends a read of the images, which is
   * locked, and then sees the result. `never-revealed`: readers see no result at all. `blinded`: the reader judges several
   * segmentations of an exam, one after the other, and does not know who made which.
   */
  mode: z.enum(['model-shown', 'unaided-first', 'never-revealed', 'blinded']),
  /**
   * Of mode `blinded`: the segmentations of an exam that are judged: `model`, the pipeline's own, and those that were brought
   * in under these sources (`expert`, `novice` …).
   */
  sources: z.array(Slug).min(2).max(12).optional(),
  /**
   * Of mode `blinded`: so many days after the first segmentation of an exam it is read with those that are there, two at
   * least. Left out: it waits for all of them.
   */
  readAfterDays: z.int().positive().max(3650).optional(),
  /** Of mode `blinded`: readers see the volumes of what they judge. */
  showVolumes: z.boolean().optional(),
  /** Readers of a case: everybody, or so many of them. */
  readersPerCase: z.union([z.literal('all'), z.int().positive()]).default('all'),
  /** How so many are chosen: `balanced`, so that all have about as many cases; `random`, by lot alone. */
  assignment: z.enum(['balanced', 'random']).optional(),
  /** Each exam comes to one of these at random and stays there; nothing of them is ever counted together. */
  arms: z.array(Arm).min(2).max(8).optional(),
  /** The arms are balanced among exams that are alike in these. */
  stratify: z
    .array(z.enum(['sex', 'age-band', 'scanner']))
    .min(1)
    .max(3)
    .optional(),
  /** A case reaches its readers only when somebody has judged each image, and so: answers of a question of stage `quality`. */
  qualityReview: z.strictObject({ question: Slug, passes: z.array(Slug).min(1) }).optional(),
  /** Questions on which the readers of a case must agree; where they do not, an adjudicator decides. */
  adjudicate: z.array(Slug).default([]),
});
export type Reading = z.infer<typeof Reading>;

/**
 * What counts as the truth: what all readers of a case answered alike before they saw the model, or what the adjudicator
 * said. Answers that are neither positive nor negative are cases without a reference.
 */
export const ReferenceStandard = z.strictObject({
  /** A question of kind `choice`. */
  question: Slug,
  positive: z.array(Slug).min(1),
  negative: z.array(Slug).min(1),
});
export type ReferenceStandard = z.infer<typeof ReferenceStandard>;

/** `pipelines/<pipeline>/evaluation.yaml`: the clinical validation around a pipeline. */
export const Evaluation = z.strictObject({
  name: Slug,
  version: Version,
  title: z.string().min(1),
  pipeline: Slug,
  introduction: z.string().default(''),
  questions: z.array(Question).min(1),
  reading: Reading.default({ mode: 'model-shown', readersPerCase: 'all', adjudicate: [] }),
  reference: ReferenceStandard.optional(),
  /** For longitudinal pipelines. */
  trend: TrendRules.optional(),
});
export type Evaluation = z.infer<typeof Evaluation>;

/** The answer to one question about one thing. */
export const FeedbackAnswer = z.strictObject({
  question: Slug,
  /**
   * `exam`, `right` or `left`, a structure's name, a SOPInstanceUID, a time point's StudyInstanceUID, or `<SOPInstanceUID>/<n>` for the n-th box of an
   * image, from 1.
   */
  subject: z.string().max(80),
  /** Several options of a question of kind `choices`, sorted. */
  value: z.union([z.string().max(20_000), z.number(), z.array(Slug).min(1).max(100)]),
});
export type FeedbackAnswer = z.infer<typeof FeedbackAnswer>;

/**
 * How long somebody was at a form, as their browser counted it. Active is time with an act (mouse, key, wheel) at most 30 s
 * apart while the page is in view; the rest of the time between opening and sending is idle.
 */
export const ReviewTime = z.object({
  openedAt: Instant,
  /** Of the first answer. */
  firstActionAt: Instant.nullable(),
  activeSeconds: z.number().nonnegative(),
  idleSeconds: z.number().nonnegative(),
});
export type ReviewTime = z.infer<typeof ReviewTime>;

/** `feedback/<evaluation>/<run>/<id>.json`, and an entry of `GET /api/v1/runs/<id>/feedback`. */
export const Feedback = z.object({
  id: z.uuid(),
  run: Sha256,
  evaluation: Slug,
  evaluationVersion: Version,
  stage: Stage.default('aided'),
  author: z.string(),
  /** 1, 2, … of one author on one run at one stage. */
  version: z.int().min(1),
  /** Why it corrects the version before; null for the first. */
  reason: z.string().nullable(),
  answers: z.array(FeedbackAnswer),
  /** The reader agreed with everything that the model said by one act. */
  agreedWithAll: z.boolean().default(false),
  /** Null where it was not counted: without scripts, or by the API. */
  reviewTime: ReviewTime.nullable().default(null),
  createdAt: Instant,
});
export type Feedback = z.infer<typeof Feedback>;

/** Body of `POST /api/v1/runs/<id>/feedback`. */
export const FeedbackSubmission = z.strictObject({
  /** Chosen by the sender: the same id again is the same entry. */
  id: z.uuid(),
  evaluationVersion: Version,
  stage: Stage.default('aided'),
  answers: z.array(FeedbackAnswer).max(2000),
  /** Needed to correct what was sent before. */
  reason: z.string().trim().min(1).max(2000).nullable().default(null),
});
export type FeedbackSubmission = z.infer<typeof FeedbackSubmission>;
