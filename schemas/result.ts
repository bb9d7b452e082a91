import { z } from 'zod';
import { Instant, Sha256, Slug, Uid, Version } from './scalars.ts';
import { StructureChange, StructureVolume } from './volume.ts';

export const HipClass = z.enum(['fracture', 'no-fracture', 'hardware']);
export type HipClass = z.infer<typeof HipClass>;

/** A box in pixels of the stored image: column then row, half-open: [x0, y0, x1, y1]. */
export const Box = z.tuple([z.number(), z.number(), z.number(), z.number()]);
export type Box = z.infer<typeof Box>;

/** How a side is known: written in the image, taken from the usual way of hanging, or written twice and differently. */
export const SideSource = z.enum(['stated', 'assumed', 'contradictory']);
export type SideSource = z.infer<typeof SideSource>;

/** The patient's side. */
export const Side = z.enum(['left', 'right']);
export type Side = z.infer<typeof Side>;

export const Hip = z.object({
  side: Side.nullable(),
  sideSource: SideSource,
  box: Box,
  class: z.string(),
  /** Score of `class`. */
  confidence: z.number(),
  scores: z.record(z.string(), z.number()),
});
export type Hip = z.infer<typeof Hip>;

export const HipImage = z.object({
  sopInstanceUid: Uid,
  seriesInstanceUid: Uid,
  /** Size of the stored image. */
  rows: z.int().positive(),
  columns: z.int().positive(),
  /** The pixels were compressed with loss at some time. */
  lossy: z.boolean(),
  /** Probability that the image shows what the model was made for. */
  scope: z.number(),
  hips: z.array(Hip),
  /** Sentences that a reader should see with this image (contradictory side, saturated exposure …). */
  notes: z.array(z.string()),
  /** Object keys in `results` of the 8-bit PNG in the default window, and of 16-bit little-endian grey values (gzip). */
  preview: z.object({
    png: z.string(),
    gray16: z.string(),
    rows: z.int().positive(),
    columns: z.int().positive(),
    /** The default window: values of `gray16` shown black and white. Bone is bright whatever the file stores. */
    window: z.object({ low: z.number(), high: z.number() }).optional(),
  }),
});
export type HipImage = z.infer<typeof HipImage>;

/** The exam in one line for each side, by the rule that the pipeline states. */
export const HipSummary = z.object({
  rule: z.string(),
  sides: z.array(
    z.object({
      side: Side.nullable(),
      class: z.string(),
      confidence: z.number(),
      /** The images do not agree on the class of this side. */
      disagreement: z.boolean(),
      images: z.int().positive(),
    }),
  ),
  /** Something a person must look at before the result is used: contradictory side, images that disagree. */
  qualityReview: z.array(z.string()),
});
export type HipSummary = z.infer<typeof HipSummary>;

/** Kind of a file of a result → its object key in `results`; `labels` is a NIfTI (.nii.gz), the others are DICOM. */
export const ResultObjects = z.partialRecord(z.enum(['seg', 'rtstruct', 'report', 'capture', 'labels']), z.string());
export type ResultObjects = z.infer<typeof ResultObjects>;

const published = {
  run: Sha256,
  pipeline: Slug,
  pipelineVersion: Version,
  studyInstanceUid: Uid,
  models: z.array(z.object({ name: Slug, version: Version, sha256: Sha256 })),
  /** When the last step before the publication ended: alike for every worker that publishes the same. */
  publishedAt: Instant,
};

export const DetectionResult = z.object({
  ...published,
  kind: z.literal('detection'),
  images: z.array(HipImage),
  summary: HipSummary,
  objects: ResultObjects.default({}),
});
export type DetectionResult = z.infer<typeof DetectionResult>;

/** Left, right, posterior (back), anterior (front), head, feet. */
export const PatientDirection = z.enum(['L', 'R', 'P', 'A', 'H', 'F']);
export type PatientDirection = z.infer<typeof PatientDirection>;

export const SegmentationResult = z.object({
  ...published,
  kind: z.literal('segmentation'),
  /** The series that the segmentation lies on. */
  seriesInstanceUid: Uid,
  frameOfReferenceUid: Uid.nullable(),
  /** Of the series, as it stands in the file: YYYYMMDD; null where it has none. */
  studyDate: z.string().nullable(),
  structures: z.array(StructureVolume).min(1),
  /** Object keys in `results`; `labels` is a NIfTI (.nii.gz). */
  objects: ResultObjects,
  /** Object keys in `results` of PNGs of the middle slices with outlines, for pages without a viewer. */
  previews: z.array(
    z.object({
      png: z.string(),
      rows: z.int().positive(),
      columns: z.int().positive(),
      title: z.string(),
      /** To where in the patient its rows run (to the right), and its columns (downwards): PS3.3 C.7.6.1.1.1. Left out by publish-results before 1.3.0. */
      PatientOrientation: z.tuple([PatientDirection, PatientDirection]).optional(),
    }),
  ),
  notes: z.array(z.string()),
  /** Where the segmentation was not made by a model: who brought it in, for which pipeline, and how it was made. */
  imported: z
    .object({
      pipeline: Slug,
      /** `expert`, `novice` … */
      source: z.string(),
      tool: z.string(),
      /** How long it took to make. */
      minutes: z.number().nonnegative().nullable(),
      author: z.string(),
      at: Instant,
      /** Of a reader's edit: the run whose result was changed. */
      edits: Sha256.optional(),
      /** Of a reader's edit: whose result was changed, `brain-lesion 1.0.0`. */
      from: z.string().optional(),
    })
    .optional(),
  /** Of a reader's edit: how far it is from what was edited, by structure. */
  changes: z.array(StructureChange).optional(),
});
export type SegmentationResult = z.infer<typeof SegmentationResult>;

/** `results/<pipeline>/<run>/result.json`. */
export const Result = z.discriminatedUnion('kind', [DetectionResult, SegmentationResult]);
export type Result = z.infer<typeof Result>;
