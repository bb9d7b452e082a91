import type { Exam } from '../../lib/dicom/made/exam.ts';
import type { Algorithm } from '../../lib/dicom/made/object.ts';
import type { MeasuredGroup, ReportedSeries } from '../../lib/dicom/sr/write.ts';

/** A table of a page. */
export interface Table {
  readonly heads: readonly string[];
  /** `colour`: `#rrggbb` of the structure that a row is about. */
  readonly rows: readonly { readonly colour?: string; readonly cells: readonly string[] }[];
}

/** What a report says, as structured content and as a page, whatever was found by whom. */
export interface Reported {
  readonly exam: Exam;
  readonly algorithm: Algorithm;
  readonly images: readonly ReportedSeries[];
  readonly objects: readonly ReportedSeries[];
  readonly groups: readonly MeasuredGroup[];
  readonly table: Table;
  /** Sentences for the reader. */
  readonly notes: readonly string[];
}
