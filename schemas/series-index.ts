import { z } from 'zod';
import { Sha256, Slug, Uid } from './scalars.ts';

/** DICOM keyword → its values as text, in the file's order; absent and empty attributes are left out. */
export const Attributes = z.record(z.string(), z.array(z.string()));
export type Attributes = z.infer<typeof Attributes>;

export const IndexedInstance = z.object({
  /** Of the file: how later steps find it among their inputs. */
  sha256: Sha256,
  SOPInstanceUID: Uid,
  SOPClassUID: z.string(),
  /** Whether there are pixels in it. */
  pixels: z.boolean(),
  attributes: Attributes,
});
export type IndexedInstance = z.infer<typeof IndexedInstance>;

/** What the headers of a series say together; geometry is that of its largest stack of parallel images. */
export const SeriesFacts = z.object({
  /** Each frame of a multi-frame instance is one. */
  images: z.int().nonnegative(),
  /** Directions in which images lie: three in a localizer. */
  stacks: z.int().nonnegative(),
  /** The plane of the images by ImageOrientationPatient; `oblique` where it is more than 30° away from each. */
  orientation: z.enum(['axial', 'sagittal', 'coronal', 'oblique']).nullable(),
  /** Between the images' normal and the nearest axis of the patient, degrees. */
  tiltDeg: z.number().nullable(),
  /** Different positions along the normal. */
  slices: z.int().nonnegative(),
  /** Most images at one position: echoes, phases, diffusion weights. */
  imagesPerSlice: z.int().nonnegative(),
  /** Different EchoTimes. */
  echoes: z.int().nonnegative(),
  /** Median distance of neighbours, from positions. */
  sliceSpacingMm: z.number().nullable(),
  /** Every distance is within 5 % of the median: none is missing. */
  uniform: z.boolean().nullable(),
  /** From the outer face of the first slice to that of the last. */
  extentMm: z.number().nullable(),
  /** Of an image, along its rows and its columns. */
  widthMm: z.number().nullable(),
  heightMm: z.number().nullable(),
  /** The coarser one of an image. */
  pixelSpacingMm: z.number().nullable(),
  contrast: z.enum(['given', 'none', 'unknown']),
  /** From the beginning of the injection to the acquisition, where both are stated. */
  contrastDelayS: z.number().nullable(),
});
export type SeriesFacts = z.infer<typeof SeriesFacts>;

export const IndexedSeries = z.object({
  SeriesInstanceUID: Uid,
  /** What all its instances say alike. */
  attributes: Attributes,
  facts: SeriesFacts.optional(),
  /** By InstanceNumber, then SOPInstanceUID. */
  instances: z.array(IndexedInstance).min(1),
});
export type IndexedSeries = z.infer<typeof IndexedSeries>;

/** An instance that a step left out, and why: a sentence for the reader. */
export const LeftOut = z.object({ sha256: Sha256, SOPInstanceUID: z.string().nullable(), reason: z.string() });
export type LeftOut = z.infer<typeof LeftOut>;

/** Output `index` of dicom-parser: every series and instance of a study, with the attributes that selectors need. */
export const SeriesIndex = z.object({ series: z.array(IndexedSeries), unreadable: z.array(LeftOut) });
export type SeriesIndex = z.infer<typeof SeriesIndex>;

/** What the selector thought of a series or an instance. */
export const Decision = z.object({
  level: z.enum(['series', 'instance']),
  /** Which input of the model it was considered for, where there are several or one with a name. */
  input: Slug.optional(),
  SeriesInstanceUID: Uid,
  /** Null at series level. */
  SOPInstanceUID: Uid.nullable(),
  accepted: z.boolean(),
  /** One sentence a rule, in the order of the rules, up to the one that refused. */
  reasons: z.array(z.string()),
});
export type Decision = z.infer<typeof Decision>;

export const SelectedInstance = z.object({
  sha256: Sha256,
  SOPInstanceUID: Uid,
  SeriesInstanceUID: Uid,
  /** Which input of the model its series is for, where the selector was asked for several. */
  input: Slug.optional(),
});
export type SelectedInstance = z.infer<typeof SelectedInstance>;

/** Output `selection` of series-selector. */
export const Selection = z.object({
  selected: z.array(SelectedInstance),
  decisions: z.array(Decision),
  unreadable: z.array(LeftOut),
});
export type Selection = z.infer<typeof Selection>;
