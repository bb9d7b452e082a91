import { z } from 'zod';
import { vrOf } from '../../lib/dicom/dictionary.ts';

/** The keyword of a DICOM attribute, in an operator's parameters. */
export const Keyword = z
  .string()
  .refine((keyword) => vrOf(keyword) !== undefined, 'a DICOM keyword such as BodyPartExamined');
