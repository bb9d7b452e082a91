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

export const IndexedSeries = z.object({
  SeriesInstanceUID: Uid,
  /** What all its instances say alike. */
  attributes: Attributes,
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
