import { z } from 'zod';
import { Approval } from './approval.ts';
import { Stage } from './evaluation.ts';
import { Instant, Slug, Version } from './scalars.ts';

/** Why there is no number: a sentence. */
const Because = z.object({ because: z.string() });

/** A number with its 95 % confidence interval. */
export const EstimateView = z.union([z.object({ value: z.number(), low: z.number(), high: z.number() }), Because]);
export type EstimateView = z.infer<typeof EstimateView>;

/** Path and query of the rows that a figure was made of, as CSV. */
const Rows = z.string();

/** A proportion with the interval of independent cases and the one that keeps patients together. */
export const ProportionView = z.object({
  hits: z.int(),
  cases: z.int(),
  wilson: EstimateView,
  clustered: EstimateView,
  rows: Rows,
});
export type ProportionView = z.infer<typeof ProportionView>;

/** Quartiles and ends. */
export const SpreadView = z.union([
  z.object({
    count: z.int(),
    minimum: z.number(),
    firstQuartile: z.number(),
    median: z.number(),
    thirdQuartile: z.number(),
    maximum: z.number(),
  }),
  Because,
]);
export type SpreadView = z.infer<typeof SpreadView>;

/** A number of exams, and which. */
export const CountView = z.object({ name: z.string(), label: z.string(), count: z.int(), rows: Rows });
export type CountView = z.infer<typeof CountView>;

/** What became of the exams, from all that were taken to those that count (STARD 2015, item 19). */
export const FlowView = z.object({
  /** In order; each is part of the one before it. */
  steps: z.array(CountView),
  /** Why exams are not in a step: the step's name, the reason, how many. */
  exclusions: z.array(CountView.extend({ from: z.string() })),
});
export type FlowView = z.infer<typeof FlowView>;

/** How far a reader is. */
export const ReaderProgress = z.object({
  reader: z.string(),
  /** Exams given to the reader; null: all of them. */
  assigned: z.int().nullable(),
  /** Exams answered, by stage. */
  sent: z.partialRecord(Stage, z.int()),
  /** Forms begun and not sent. */
  drafts: z.int(),
  corrections: z.int(),
  agreedWithAll: z.int(),
  lastSentAt: Instant.nullable(),
  rows: Rows,
});
export type ReaderProgress = z.infer<typeof ReaderProgress>;

/** Agreement of two readers on a question. */
export const PairAgreement = z.object({
  readers: z.tuple([z.string(), z.string()]),
  /** Things that both answered about. */
  cases: z.int(),
  /** Of them, answered alike. */
  alike: z.int(),
  kappa: EstimateView,
  /** Of a question with an order; null of others. */
  linearKappa: EstimateView.nullable(),
  quadraticKappa: EstimateView.nullable(),
  rows: Rows,
});
export type PairAgreement = z.infer<typeof PairAgreement>;

/** Agreement between readers on a question at one stage. */
export const QuestionAgreement = z.object({
  question: Slug,
  label: z.string(),
  stage: Stage,
  readers: z.array(z.string()),
  /** Things answered about by at least one reader. */
  cases: z.int(),
  fleissKappa: EstimateView,
  /** Of numbers and scales, on what every reader answered about; null of other questions. */
  icc: z.union([z.object({ cases: z.int(), agreement: EstimateView, consistency: EstimateView }), Because]).nullable(),
  /** None of numbers, which are hardly ever the same. */
  pairs: z.array(PairAgreement),
  rows: Rows,
});
export type QuestionAgreement = z.infer<typeof QuestionAgreement>;

/** Answers of one side (down) against those of another (across). */
export const ConfusionView = z.object({
  question: Slug,
  stage: Stage,
  reader: z.string(),
  categories: z.array(z.string()),
  table: z.array(z.array(z.int())),
  rows: Rows,
});
export type ConfusionView = z.infer<typeof ConfusionView>;

/** What readers who answered before and after they saw the model made of it. */
export const InfluenceView = z.object({
  question: Slug,
  reader: z.string(),
  /** Things that the reader answered about both times, and the model too. */
  cases: z.int(),
  unchanged: z.int(),
  /** Changed to what the model said. */
  towards: z.int(),
  /** Changed from what the model said to something else. */
  away: z.int(),
  /** Changed from something else to something else again. */
  otherwise: z.int(),
  /** Of the question of the reference standard, where there is one: wrong before and right after, and the reverse. */
  corrected: z.int().nullable(),
  spoiled: z.int().nullable(),
  rows: Rows,
});
export type InfluenceView = z.infer<typeof InfluenceView>;

/** Accuracy against the reference standard: of the model, or of a reader at one stage. */
export const AccuracyView = z.object({
  /** Null: the model. */
  reader: z.string().nullable(),
  stage: Stage.nullable(),
  /** Which exams: `all`, or of one sex or age band. */
  group: z.string(),
  patients: z.int(),
  table: z.object({
    truePositive: z.int(),
    falsePositive: z.int(),
    falseNegative: z.int(),
    trueNegative: z.int(),
  }),
  sensitivity: ProportionView,
  specificity: ProportionView,
  positivePredictiveValue: ProportionView,
  negativePredictiveValue: ProportionView,
  /** Things with a reference of which this test said neither positive nor negative. */
  inconclusive: z.int(),
  rows: Rows,
});
export type AccuracyView = z.infer<typeof AccuracyView>;

/** What the reference standard is, and where it comes from. */
export const ReferenceView = z.object({
  question: Slug,
  positive: z.array(Slug),
  negative: z.array(Slug),
  /** Exams that count and have a result. */
  exams: z.int(),
  /** Of them, without a reference. */
  examsWithout: z.int(),
  /** Things with a reference, by where it comes from. */
  settled: z.int(),
  alike: z.int(),
  singleReader: z.int(),
  /** Things of which the reference says neither. */
  neither: z.int(),
  /** What the model said (down) against what the reference says (across). */
  confusion: z.object({ categories: z.array(z.string()), table: z.array(z.array(z.int())) }),
  rows: Rows,
});
export type ReferenceView = z.infer<typeof ReferenceView>;

/** Volumes of a structure, the model's and a person's. */
export const VolumeAgreement = z.object({
  structure: z.string(),
  /** `edited`: readers' edits of the model's; else where an imported segmentation comes from. */
  source: z.string(),
  pairs: z.int(),
  exams: z.int(),
  /** The clusters of the limits below. */
  patients: z.int(),
  /** Mean of both and person − model, mL, of so many pairs as can be drawn. */
  points: z.array(z.tuple([z.number(), z.number()])),
  /** Person − model, mL; intervals clustered by patient. */
  blandAltman: z.union([
    z.object({
      bias: EstimateView,
      deviation: z.number(),
      lowerLimit: EstimateView,
      upperLimit: EstimateView,
    }),
    Because,
  ]),
  /** Of edits: how much was common with the model's. */
  dice: SpreadView,
  /** mm */
  surfaceDistance95: SpreadView,
  minutes: SpreadView,
  rows: Rows,
});
export type VolumeAgreement = z.infer<typeof VolumeAgreement>;

/** A stretch of time between two events of an exam, in minutes. */
export const TimeView = z.object({ name: Slug, label: z.string(), minutes: SpreadView, rows: Rows });
export type TimeView = z.infer<typeof TimeView>;

/** How long a reader is at a form, in minutes: at work, and from opening to sending with every pause. */
export const ReviewTimeView = z.object({
  reader: z.string(),
  stage: Stage,
  active: SpreadView,
  whole: SpreadView,
  rows: Rows,
});
export type ReviewTimeView = z.infer<typeof ReviewTimeView>;

/** What is counted of exams that are read in one way. */
const FIGURES = {
  /** How readers read: see `reading.mode` of the evaluation. */
  mode: z.string(),
  flow: FlowView,
  readers: z.array(ReaderProgress),
  agreement: z.array(QuestionAgreement),
  confusion: z.array(ConfusionView),
  influence: z.array(InfluenceView),
  /** Null: the evaluation names none. */
  reference: ReferenceView.nullable(),
  accuracy: z.array(AccuracyView),
  times: z.array(TimeView),
  reviewTimes: z.array(ReviewTimeView),
  volumes: z.array(VolumeAgreement),
};

/** What is counted in one arm of an evaluation. */
export const ArmReport = z.object({ arm: Slug, ...FIGURES });
export type ArmReport = z.infer<typeof ArmReport>;

/** Answer of `GET /api/v1/evaluations/<name>/report`. */
export const EvaluationReport = z.object({
  evaluation: Slug,
  evaluationVersion: Version,
  pipeline: Slug,
  title: z.string(),
  /** When these figures were made. */
  asOf: Instant,
  /** Which answers count. */
  rule: z.string(),
  /** Entries that were given to another version of the form, which do not count. */
  otherVersions: z.array(z.object({ version: Version, entries: z.int(), rows: Rows })),
  /** Entries that were given to a run that is not the newest of its exam any more, which do not count. */
  ofEarlierRuns: z.object({ entries: z.int(), rows: Rows }),
  ...FIGURES,
  /** Of an evaluation with arms, each for itself; then the figures above are those of no arm: the way of the exams alone. */
  arms: z.array(ArmReport),
  /** What was decided of the pipeline’s versions for clinical receivers. */
  approvals: z.array(Approval),
});
export type EvaluationReport = z.infer<typeof EvaluationReport>;
