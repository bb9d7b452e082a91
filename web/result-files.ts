import type { SegmentationResult } from '../schemas/result.ts';

/** A file of a result that people may download. */
export interface ResultFile {
  readonly kind: keyof SegmentationResult['objects'];
  readonly title: string;
  readonly extension: 'dcm' | 'nii.gz';
}

/** In the order in which a page offers them. */
export const RESULT_FILES: readonly ResultFile[] = [
  { kind: 'seg', title: 'Segmentation (DICOM SEG)', extension: 'dcm' },
  { kind: 'rtstruct', title: 'Contours (RT Structure Set)', extension: 'dcm' },
  { kind: 'report', title: 'Measurement report (DICOM SR)', extension: 'dcm' },
  { kind: 'capture', title: 'Report as a picture (Secondary Capture)', extension: 'dcm' },
  { kind: 'labels', title: 'Label map (NIfTI)', extension: 'nii.gz' },
];
