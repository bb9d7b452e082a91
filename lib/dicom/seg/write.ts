import type { Code, Grid } from '../../../schemas/volume.ts';
import { cieLabOf } from '../made/colour.ts';
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
import { type Planes, planesOf } from '../made/plane.ts';
import { type CustomTags, withTags } from '../made/tags.ts';
import { UnfitObjectError } from '../made/unfit.ts';
import { deriveUid } from '../uid.ts';
import { type Elements, writePart10 } from '../write.ts';
import { packFrame } from './bits.ts';

export const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';

/** One segment. A voxel belongs to it where `voxels` has `value`: several segments may share one label map, or overlap in maps of their own. */
export interface SegmentToWrite {
  readonly label: string;
  readonly category: Code;
  readonly type: Code;
  /** `#rrggbb` */
  readonly colour: string;
  /** On the grid: i (columns) fastest, then j (rows), then k (slices). */
  readonly voxels: Uint8Array;
  /** 1..255 */
  readonly value: number;
  readonly trackingUid: string;
}

export interface SegmentationToWrite {
  readonly exam: Exam;
  readonly made: MadeObject;
  readonly algorithm: Algorithm;
  readonly grid: Grid;
  /** The image of each k, in order; empty where the grid is no image's (resampled from a tilted gantry). */
  readonly slices: readonly Reference[];
  /** Every instance of the source series. */
  readonly sources: readonly Reference[];
  readonly segments: readonly SegmentToWrite[];
  readonly tags?: CustomTags;
}

/** Families of algorithms (PS3.16 CID 7162). */
const FAMILIES = {
  AUTOMATIC: { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
  SEMIAUTOMATIC: { value: '123109', scheme: 'DCM', meaning: 'Manual Processing' },
} as const;

interface Frame {
  /** From 1. */
  readonly segment: number;
  readonly k: number;
}

/**
 * A DICOM Segmentation (PS3.3 A.51), binary, Explicit VR Little Endian: frames by segment, then by slice; a frame without
 * voxels is left out. A segment without any voxel keeps one empty frame, on the first slice: so it stands in the object as
 * looked for and not found, an all-empty segmentation is valid (NumberOfFrames is at least 1), and readers that ask each
 * segment for its frames find one.
 *
 * @throws {UnfitObjectError} the exam has no frame of reference, the axes of the grid are oblique to each other, or voxels and
 *   grid do not fit
 * @throws {InvalidValueError} a custom tag or a text breaks the rules
 */
export function writeSegmentation(segmentation: SegmentationToWrite): Buffer {
  const { exam, made, grid, segments, slices } = segmentation;
  if (exam.FrameOfReferenceUID === undefined) {
    throw new UnfitObjectError(
      'frame-of-reference',
      'A segmentation must name the frame of reference of its images; they have none.',
    );
  }
  refuseOtherSizes(segmentation);
  const planes = planesOf(grid);
  const frames = segments.flatMap((segment, index) => framesOf(segment, index + 1, grid));
  const dimensions = deriveUid(made.SOPInstanceUID, 'dimensions');
  const { date, time } = dateTimeOf(made.at, exam.offsetMinutes);
  const elements: Elements = {
    ...commonElements(exam, made, 'SEG'),
    ...exam.bodyPart,
    SOPClassUID: SEGMENTATION_STORAGE,
    FrameOfReferenceUID: exam.FrameOfReferenceUID,
    PositionReferenceIndicator: '',
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentDate: date,
    ContentTime: time,
    ContentLabel: 'SEGMENTATION',
    ContentDescription: short(segmentation.algorithm.name, 64),
    ContentCreatorName: '',
    SegmentationType: 'BINARY',
    SegmentsOverlap: overlap(segments) ? 'YES' : 'NO',
    LossyImageCompression: '00',
    ...exam.lossy,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames.length,
    Rows: grid.size[1],
    Columns: grid.size[0],
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: exam.SeriesInstanceUID,
        ReferencedInstanceSequence: instancesOf(segmentation.sources).map(referenceItem),
      },
    ],
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: dimensions }],
    DimensionIndexSequence: [
      dimension(dimensions, 'ReferencedSegmentNumber', 'SegmentIdentificationSequence'),
      dimension(dimensions, 'ImagePositionPatient', 'PlanePositionSequence'),
    ],
    SegmentSequence: segments.map((segment, index) => segmentItem(segment, index + 1, segmentation.algorithm)),
    SharedFunctionalGroupsSequence: [sharedGroups(planes)],
    PerFrameFunctionalGroupsSequence: frames.map((frame) => frameGroups(frame, planes, slices)),
    PixelData: pixelsOf(frames, segments, grid),
  };
  return writePart10(withTags(elements, segmentation.tags ?? {}));
}

function framesOf({ voxels, value }: SegmentToWrite, segment: number, grid: Grid): Frame[] {
  const size = grid.size[0] * grid.size[1];
  const frames = Array.from({ length: grid.size[2] }, (_, k) => ({ segment, k })).filter(({ k }) =>
    voxels.subarray(k * size, (k + 1) * size).includes(value),
  );
  return frames.length > 0 ? frames : [{ segment, k: 0 }];
}

function pixelsOf(frames: readonly Frame[], segments: readonly SegmentToWrite[], grid: Grid): Uint8Array {
  const size = grid.size[0] * grid.size[1];
  const packed = new Uint8Array(Math.ceil((frames.length * size) / 8));
  for (const [index, { segment, k }] of frames.entries()) {
    const of = segments[segment - 1];
    if (of !== undefined) packFrame(packed, index * size, of.voxels.subarray(k * size, (k + 1) * size), of.value);
  }
  return packed;
}

function overlap(segments: readonly SegmentToWrite[]): boolean {
  return segments.some((a, index) =>
    segments.slice(index + 1).some((b) => {
      if (a.voxels === b.voxels) return a.value === b.value;
      for (let at = a.voxels.indexOf(a.value); at >= 0; at = a.voxels.indexOf(a.value, at + 1))
        if (b.voxels[at] === b.value) return true;
      return false;
    }),
  );
}

function segmentItem(segment: SegmentToWrite, number: number, algorithm: Algorithm): Elements {
  return {
    SegmentNumber: number,
    SegmentLabel: short(segment.label, 64),
    SegmentAlgorithmType: algorithm.type,
    SegmentAlgorithmName: short(algorithm.name, 64),
    SegmentationAlgorithmIdentificationSequence: [
      {
        AlgorithmFamilyCodeSequence: [codeItem(FAMILIES[algorithm.type])],
        AlgorithmName: short(algorithm.name, 64),
        AlgorithmVersion: short(algorithm.version, 64),
        AlgorithmParameters: algorithm.parameters,
        AlgorithmSource: 'Overread',
      },
    ],
    SegmentedPropertyCategoryCodeSequence: [codeItem(segment.category)],
    SegmentedPropertyTypeCodeSequence: [codeItem(segment.type)],
    RecommendedDisplayCIELabValue: cieLabOf(segment.colour),
    TrackingID: short(segment.label, 64),
    TrackingUID: segment.trackingUid,
  };
}

function dimension(uid: string, pointer: string, group: string): Elements {
  return { DimensionOrganizationUID: uid, DimensionIndexPointer: pointer, FunctionalGroupPointer: group };
}

function sharedGroups(planes: Planes): Elements {
  return {
    PixelMeasuresSequence: [
      {
        PixelSpacing: planes.PixelSpacing,
        SliceThickness: planes.spacing,
        SpacingBetweenSlices: planes.spacing,
      },
    ],
    PlaneOrientationSequence: [{ ImageOrientationPatient: planes.ImageOrientationPatient }],
  };
}

function frameGroups({ segment, k }: Frame, planes: Planes, slices: readonly Reference[]): Elements {
  const slice = slices[k];
  return {
    FrameContentSequence: [{ DimensionIndexValues: [segment, k + 1] }],
    PlanePositionSequence: [{ ImagePositionPatient: planes.position(k) }],
    SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment }],
    DerivationImageSequence: slice === undefined ? [] : [derivation(slice)],
  };
}

function derivation(slice: Reference): Elements {
  return {
    DerivationCodeSequence: [codeItem({ value: '113076', scheme: 'DCM', meaning: 'Segmentation' })],
    SourceImageSequence: [
      {
        ...referenceItem(slice),
        PurposeOfReferenceCodeSequence: [
          codeItem({ value: '121322', scheme: 'DCM', meaning: 'Source image for image processing operation' }),
        ],
        SpatialLocationsPreserved: 'YES',
      },
    ],
  };
}

function refuseOtherSizes({ grid, segments, slices }: SegmentationToWrite): void {
  const count = grid.size[0] * grid.size[1] * grid.size[2];
  const wrong = segments.find(({ voxels }) => voxels.length !== count);
  if (segments.length === 0) throw new UnfitObjectError('geometry', 'A segmentation must have a segment; it has none.');
  if (wrong !== undefined) {
    throw new UnfitObjectError(
      'geometry',
      `A segment must have ${count} voxels, as the grid has; one has ${wrong.voxels.length}.`,
    );
  }
  if (slices.length !== 0 && slices.length !== grid.size[2]) {
    throw new UnfitObjectError(
      'geometry',
      `There must be an image for each of ${grid.size[2]} slices; there are ${slices.length}.`,
    );
  }
}
