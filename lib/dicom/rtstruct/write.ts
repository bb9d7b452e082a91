import type { Code } from '../../../schemas/volume.ts';
import { rgbOf } from '../made/colour.ts';
import type { Exam } from '../made/exam.ts';
import {
  type Algorithm,
  codeItem,
  commonElements,
  dateTimeOf,
  instancesOf,
  type MadeObject,
  type Reference,
  referenceItem,
  short,
} from '../made/object.ts';
import { type CustomTags, withTags } from '../made/tags.ts';
import { UnfitObjectError } from '../made/unfit.ts';
import { type Elements, writePart10 } from '../write.ts';
import { type Area, keyhole } from './keyhole.ts';

export const RT_STRUCTURE_SET_STORAGE = '1.2.840.10008.5.1.4.1.1.481.3';
/** Detached Study Management, retired, and the one class that RTReferencedStudySequence has ever named. */
const STUDY_MANAGEMENT = '1.2.840.10008.3.1.2.3.1';

export interface RoiToWrite {
  readonly name: string;
  readonly type: Code;
  /** `#rrggbb` */
  readonly colour: string;
  /** In the order of the slices; none where nothing was found: the ROI is in the object all the same. */
  readonly areas: readonly AreaToWrite[];
}

export interface AreaToWrite extends Area {
  /** The image that the area lies on; undefined where the slice is no image's (resampled from a tilted gantry). */
  readonly image: Reference | undefined;
}

export interface StructureSetToWrite {
  readonly exam: Exam;
  readonly made: MadeObject;
  readonly algorithm: Algorithm;
  /** At most 16 characters. */
  readonly label: string;
  /** Every instance of the source series, in the order of the slices. */
  readonly sources: readonly Reference[];
  readonly rois: readonly RoiToWrite[];
  readonly tags?: CustomTags;
}

/**
 * An RT Structure Set (PS3.3 A.19): a closed planar contour for each area of each slice, holes by the keyhole technique.
 * Implicit VR Little Endian, since a contour of many points has more than the 65534 bytes that ContourData can have in
 * Explicit VR. Coordinates in steps of 0.1 µm.
 *
 * @throws {UnfitObjectError} the exam has no frame of reference
 * @throws {InvalidValueError} a custom tag or a text breaks the rules
 */
export function writeStructureSet(set: StructureSetToWrite): Buffer {
  const { exam, made, rois } = set;
  const { FrameOfReferenceUID } = exam;
  if (FrameOfReferenceUID === undefined) {
    throw new UnfitObjectError(
      'frame-of-reference',
      'A structure set must name the frame of reference of its images; they have none.',
    );
  }
  const { date, time } = dateTimeOf(made.at, exam.offsetMinutes);
  const elements: Elements = {
    ...commonElements(exam, made, 'RTSTRUCT'),
    SOPClassUID: RT_STRUCTURE_SET_STORAGE,
    FrameOfReferenceUID,
    PositionReferenceIndicator: '',
    OperatorsName: '',
    StructureSetLabel: short(set.label, 16),
    StructureSetDescription: short(`${set.algorithm.name} ${set.algorithm.version}`, 1024),
    StructureSetDate: date,
    StructureSetTime: time,
    ReferencedFrameOfReferenceSequence: [{ FrameOfReferenceUID, RTReferencedStudySequence: [studyItem(set)] }],
    StructureSetROISequence: rois.map((roi, index) => ({
      ROINumber: index + 1,
      ReferencedFrameOfReferenceUID: FrameOfReferenceUID,
      ROIName: short(roi.name, 64),
      ROIGenerationAlgorithm: set.algorithm.type,
      ROIGenerationDescription: short(`${set.algorithm.name} ${set.algorithm.version}`, 64),
    })),
    ROIContourSequence: rois.map((roi, index) => ({
      ReferencedROINumber: index + 1,
      ROIDisplayColor: rgbOf(roi.colour),
      ...(roi.areas.length === 0 ? {} : { ContourSequence: roi.areas.map(contourItem) }),
    })),
    RTROIObservationsSequence: rois.map((roi, index) => ({
      ObservationNumber: index + 1,
      ReferencedROINumber: index + 1,
      RTROIIdentificationCodeSequence: [codeItem(roi.type)],
      RTROIInterpretedType: '',
      ROIInterpreter: '',
    })),
    ApprovalStatus: 'UNAPPROVED',
  };
  return writePart10(withTags(elements, set.tags ?? {}), { implicit: true });
}

function studyItem({ exam, sources }: StructureSetToWrite): Elements {
  return {
    ReferencedSOPClassUID: STUDY_MANAGEMENT,
    ReferencedSOPInstanceUID: exam.StudyInstanceUID,
    RTReferencedSeriesSequence: [
      { SeriesInstanceUID: exam.SeriesInstanceUID, ContourImageSequence: instancesOf(sources).map(referenceItem) },
    ],
  };
}

function contourItem(area: AreaToWrite): Elements {
  const points = keyhole(area);
  return {
    ...(area.image === undefined ? {} : { ContourImageSequence: [referenceItem(area.image)] }),
    ContourGeometricType: 'CLOSED_PLANAR',
    NumberOfContourPoints: points.length / 3,
    ContourData: points.map((value) => Math.round(value * 1e4) / 1e4),
  };
}
