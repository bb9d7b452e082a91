import { z } from 'zod';
import { Sha256, Slug, Version } from './scalars.ts';

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

export const ModelCard = z.discriminatedUnion('kind', [DetectionModelCard]);
export type ModelCard = z.infer<typeof ModelCard>;
