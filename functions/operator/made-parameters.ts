import { z } from 'zod';
import { Keyword } from './keyword.ts';

/** Parameters of every operator that writes a DICOM object. */
export function objectParameters(seriesNumber: number) {
  return {
    seriesNumber: z.int().min(1).max(999_999).default(seriesNumber).describe('SeriesNumber of the new series.'),
    seriesDescription: z
      .string()
      .max(48)
      .default('')
      .describe('SeriesDescription after INVESTIGATIONAL; empty: the title of the pipeline and the kind of object.'),
    tags: z
      .record(Keyword, z.string())
      .default({})
      .describe(
        'Custom tag values: DICOM keyword → text (several values joined by a backslash), e.g. {ContentLabel: LIVER}. What identifies patient or study, decides what the object is, where it lies or how it is read is refused.',
      ),
  };
}
