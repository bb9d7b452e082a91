import { z } from 'zod';
import { Sha256, Slug, Version } from './scalars.ts';
import { GridSize, Structure } from './volume.ts';

/** How a radiograph becomes the input tensor [1,1,H,W] of a detection model. */
export const RadiographInput = z.object({
  /** Name of the ONNX input. */
  name: z.string(),
  /** Height, width in pixels. */
  size: z.tuple([z.int().positive(), z.int().positive()]),
  window: z.object({ kind: z.literal('percentile'), low: z.number().min(0), high: z.number().max(100) }),
  /** Bone is bright: MONOCHROME1 is inverted. */
  photometric: z.literal('bone-bright'),
  /** Value of what lies outside the image, in the tensor's units (0..1). */
  padding: z.number(),
});
export type RadiographInput = z.infer<typeof RadiographInput>;

/** The card of a detection model (`models/<name>/model.json`). What the operators need is typed; the rest is for people. */
export const DetectionModelCard = z.looseObject({
  name: Slug,
  version: Version,
  title: z.string(),
  kind: z.literal('detection'),
  /** File name of the ONNX graph beside the card. */
  file: z.string(),
  sha256: Sha256,
  licence: z.string(),
  intendedUse: z.string(),
  /** What a reader must know before believing a result. */
  statement: z.string(),
  input: RadiographInput,
  /** Names of the ONNX outputs: boxes [N,4] (x0,y0,x1,y1 in input pixels), objectness [N], classes [N,C], scope [1]. */
  outputs: z.object({ boxes: z.string(), objectness: z.string(), classes: z.string(), scope: z.string() }),
  /** Order of the C class probabilities. */
  classes: z.array(z.string()).min(1),
  thresholds: z.object({ objectness: z.number(), nmsIou: z.number(), scope: z.number() }),
  limitations: z.array(z.string()).default([]),
});
export type DetectionModelCard = z.infer<typeof DetectionModelCard>;

/** How the values of a volume become those of a channel. */
export const Normalisation = z.discriminatedUnion('kind', [
  /** (v − mean) / standard deviation, over the voxels that `over` names, which others do not get (they become 0). */
  z.strictObject({ kind: z.literal('z-score'), over: z.enum(['all', 'nonzero']).default('nonzero') }),
  /** Percentiles `low` and `high` become 0 and 1. */
  z.strictObject({
    kind: z.literal('percentile'),
    low: z.number().min(0).max(100),
    high: z.number().min(0).max(100),
    over: z.enum(['all', 'nonzero']).default('all'),
    clip: z.boolean().default(true),
  }),
  /** Values `low` and `high` (HU for CT) become 0 and 1; what lies beyond is cut. */
  z.strictObject({ kind: z.literal('window'), low: z.number(), high: z.number() }),
  z.strictObject({ kind: z.literal('none') }),
]);
export type Normalisation = z.infer<typeof Normalisation>;

/** How volumes become the input tensor [1, C, …] of a segmentation model. */
export const VolumeInput = z.object({
  /** Name of the ONNX input. */
  name: z.string(),
  channels: z
    .array(z.object({ input: Slug, description: z.string().default(''), normalisation: Normalisation }))
    .min(1),
  /** Where the tensor's axes i, j, k point: a permutation of one of each pair R/L, A/P, S/I, e.g. `LPS`. */
  orientation: z.string().regex(/^[RLAPSI]{3}$/),
  /** Spacing along i, j, k in mm; null: as the reference volume has it. */
  spacing: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]).nullable(),
  /** The tensor has this size along i, j, k whatever the volume (centred, padded or cut); null: as it comes. */
  size: GridSize.nullable().default(null),
  /** Cut to the voxels above the background, with a margin in mm, before the model sees them. */
  cropMarginMm: z.number().nonnegative().nullable().default(null),
  /** Order of the tensor's last three axes: `kji`, slices first, or `ijk`. */
  layout: z.enum(['kji', 'ijk']).default('kji'),
});
export type VolumeInput = z.infer<typeof VolumeInput>;

/** The card of a segmentation model. */
export const SegmentationModelCard = z.looseObject({
  name: Slug,
  version: Version,
  title: z.string(),
  kind: z.literal('segmentation'),
  file: z.string(),
  sha256: Sha256,
  licence: z.string(),
  intendedUse: z.string(),
  statement: z.string(),
  input: VolumeInput,
  /** The window that slides over the tensor; null: the whole tensor at once. */
  window: z
    .object({
      size: GridSize,
      overlap: z.number().min(0).max(0.9).default(0.5),
      weights: z.enum(['gaussian', 'constant']).default('gaussian'),
    })
    .nullable(),
  output: z.object({
    /** Name of the ONNX output: [1, C, …] in the layout of the input. */
    name: z.string(),
    /** What makes labels of it: the greatest of C channels (channel = label, 0 background), or each channel above 0.5 after a sigmoid (channel c = label c + 1; the later wins). */
    activation: z.enum(['softmax', 'sigmoid']),
    channels: z.int().positive(),
  }),
  /** Of the labels that are a result; others that the model gives are dropped. */
  structures: z.array(Structure).min(1),
  /** ONNX output [1, classes] of probabilities, meaned over the windows: is it what the model was made for? */
  scope: z
    .object({ output: z.string(), classes: z.array(z.string()).min(2), accepts: z.string(), threshold: z.number() })
    .nullable()
    .default(null),
  limitations: z.array(z.string()).default([]),
});
export type SegmentationModelCard = z.infer<typeof SegmentationModelCard>;

export const ModelCard = z.discriminatedUnion('kind', [DetectionModelCard, SegmentationModelCard]);
export type ModelCard = z.infer<typeof ModelCard>;
