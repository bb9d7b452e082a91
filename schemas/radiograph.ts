import { z } from 'zod';
import { Box } from './result.ts';
import { Sha256, Uid } from './scalars.ts';
import { LeftOut } from './series-index.ts';

/** What an image says of left and right, as the file has it; null where it says nothing. */
export const SideTags = z.object({
  PatientOrientation: z.array(z.string()).nullable(),
  ImageLaterality: z.string().nullable(),
  Laterality: z.string().nullable(),
  ViewPosition: z.string().nullable(),
});
export type SideTags = z.infer<typeof SideTags>;

/** One radiograph as dicom-reader leaves it. Its pixels lie beside it as 16-bit little-endian grey values, row by row. */
export const Radiograph = z.object({
  /** Name among the output `pixels`. */
  file: z.string(),
  SOPInstanceUID: Uid,
  SeriesInstanceUID: Uid,
  rows: z.int().positive(),
  columns: z.int().positive(),
  TransferSyntaxUID: z.string(),
  PhotometricInterpretation: z.string(),
  /** Bone is dark in the grey values. */
  inverted: z.boolean(),
  /** Largest value that the grey values can have. */
  maximum: z.int().positive(),
  /** What a grey value means: stored value = grey value + `offset` (signed images are shifted to begin at 0). */
  offset: z.int(),
  /** Output units = stored value × slope + intercept. */
  rescale: z.object({ slope: z.number(), intercept: z.number() }),
  /** The window that the file asks for, in output units. */
  voi: z.object({ center: z.number(), width: z.number() }).nullable(),
  /** Range of grey values that are no image. */
  padding: z.tuple([z.int(), z.int()]).nullable(),
  /** Distance between rows and between columns in mm; at the detector where `ImagerPixelSpacing` says it. */
  spacing: z
    .object({ rows: z.number(), columns: z.number(), source: z.enum(['PixelSpacing', 'ImagerPixelSpacing']) })
    .nullable(),
  /** Height of a pixel over its width. */
  pixelAspect: z.number().positive(),
  lossy: z.boolean(),
  side: SideTags,
  /** Sentences for the reader. */
  notes: z.array(z.string()),
});
export type Radiograph = z.infer<typeof Radiograph>;

/** Output `images` of dicom-reader. */
export const RadiographSet = z.object({ images: z.array(Radiograph).min(1), leftOut: z.array(LeftOut) });
export type RadiographSet = z.infer<typeof RadiographSet>;

const Size = z.object({ rows: z.int().positive(), columns: z.int().positive() });

/** Where an image lies in a model's input. All in pixels. */
export const Letterbox = z.object({
  image: Size,
  input: Size,
  /** Size of the image inside the input. */
  content: Size,
  /** Of its top left corner. */
  offset: z.object({ row: z.int(), column: z.int() }),
});
export type Letterbox = z.infer<typeof Letterbox>;

/** Output `prepared` of preprocess: for each image its tensor's file, and the way back to the image. */
export const PreparedSet = z.object({
  images: z.array(
    z.object({
      /** Name among the output `tensors`: 32-bit little-endian floats, [1, 1, rows, columns]. */
      file: z.string(),
      SOPInstanceUID: Uid,
      SeriesInstanceUID: Uid,
      letterbox: Letterbox,
      /** Grey values at 0 and 1 of the tensor (at 1 and 0 where the image is inverted). */
      window: z.object({ low: z.number(), high: z.number() }),
    }),
  ),
});
export type PreparedSet = z.infer<typeof PreparedSet>;

export const Detection = z.object({
  /** In pixels of the stored image. */
  box: Box,
  objectness: z.number(),
  /** Class with the highest score. */
  class: z.string(),
  scores: z.record(z.string(), z.number()),
});
export type Detection = z.infer<typeof Detection>;

/** Output `detections` of infer-detection. */
export const DetectionSet = z.object({
  model: z.object({ name: z.string(), version: z.string(), sha256: Sha256, title: z.string() }),
  classes: z.array(z.string()),
  images: z.array(
    z.object({
      SOPInstanceUID: Uid,
      SeriesInstanceUID: Uid,
      window: z.object({ low: z.number(), high: z.number() }),
      /** Probability that the image shows what the model was made for. */
      scope: z.number(),
      inScope: z.boolean(),
      detections: z.array(Detection),
    }),
  ),
});
export type DetectionSet = z.infer<typeof DetectionSet>;
