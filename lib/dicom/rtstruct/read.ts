import type { Code } from '../../../schemas/volume.ts';
import { type Dataset, readPart10 } from '../dataset.ts';
import { codeOf } from '../made/codes.ts';
import { UnfitObjectError } from '../made/unfit.ts';
import { RT_STRUCTURE_SET_STORAGE } from './write.ts';

export interface ReadContour {
  /** `CLOSED_PLANAR`, `CLOSEDPLANAR_XOR`, `POINT`, … as written. */
  readonly ContourGeometricType: string;
  /** x, y, z, x, y, z … (LPS, mm). */
  readonly points: readonly number[];
  /** The image that it lies on, where it is named. */
  readonly SOPInstanceUID: string | undefined;
  readonly frame: number | undefined;
}

export interface ReadRoi {
  readonly number: number;
  readonly name: string;
  readonly FrameOfReferenceUID: string | undefined;
  readonly type: Code | undefined;
  /** `AUTOMATIC`, `SEMIAUTOMATIC` or `MANUAL`, as written. */
  readonly algorithm: string | undefined;
  readonly contours: readonly ReadContour[];
}

/** A structure set as it was read, whoever wrote it. */
export interface ReadStructureSet {
  readonly dataset: Dataset;
  readonly SOPInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly label: string;
  /** In the order in which they are defined. */
  readonly rois: readonly ReadRoi[];
}

/**
 * Reads the contours of every ROI. A contour inside another one of the same slice is a hole, whether keyhole, XOR or plain:
 * points that an odd number of outlines go around are inside.
 *
 * @throws {UnfitObjectError} `kind`: it is no structure set; `geometry`: a contour's coordinates are no points
 * @throws {MalformedDicomError} it is no DICOM
 */
export function readStructureSet(bytes: Uint8Array): ReadStructureSet {
  const { dataset, complete } = readPart10(bytes);
  if (dataset.text('SOPClassUID') !== RT_STRUCTURE_SET_STORAGE) {
    throw new UnfitObjectError('kind', 'The file must be a DICOM RT Structure Set.');
  }
  if (!complete) throw new UnfitObjectError('kind', 'The structure set is truncated.');
  const contours = byRoi(dataset.items('ROIContourSequence'));
  const observations = byRoi(dataset.items('RTROIObservationsSequence'));
  return {
    dataset,
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '',
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    label: dataset.text('StructureSetLabel') ?? '',
    rois: dataset.items('StructureSetROISequence').flatMap((roi) => {
      const number = roi.number('ROINumber');
      if (number === undefined) return [];
      return [
        {
          number,
          name: roi.text('ROIName') ?? '',
          FrameOfReferenceUID: roi.text('ReferencedFrameOfReferenceUID') ?? dataset.text('FrameOfReferenceUID'),
          type: codeOf(observations.get(number), 'RTROIIdentificationCodeSequence'),
          algorithm: roi.text('ROIGenerationAlgorithm'),
          contours: contours.get(number)?.items('ContourSequence').map(contourOf) ?? [],
        },
      ];
    }),
  };
}

function byRoi(items: readonly Dataset[]): Map<number | undefined, Dataset> {
  return new Map(items.map((item) => [item.number('ReferencedROINumber'), item]));
}

function contourOf(item: Dataset): ReadContour {
  const points = item.numbers('ContourData');
  const [image] = item.items('ContourImageSequence');
  if (points.length === 0 || points.length % 3 !== 0) {
    throw new UnfitObjectError('geometry', 'A contour must have three coordinates a point; one has not.');
  }
  return {
    ContourGeometricType: item.text('ContourGeometricType') ?? '',
    points,
    SOPInstanceUID: image?.text('ReferencedSOPInstanceUID'),
    frame: image?.number('ReferencedFrameNumber'),
  };
}
