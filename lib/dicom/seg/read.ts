import type { Code, Grid } from '../../../schemas/volume.ts';
import { type Dataset, readPart10 } from '../dataset.ts';
import { nativeFrame } from '../frames.ts';
import { codeOf } from '../made/codes.ts';
import { type Placement, placementOf, type ReadPlane } from '../made/plane.ts';
import { UnfitObjectError } from '../made/unfit.ts';
import { describePixels, type PixelDescription } from '../pixel-description.ts';
import { decodeFrameOf, PixelDataError } from '../pixels.ts';
import { transferSyntax } from '../transfer-syntax.ts';
import { eachSetBit } from './bits.ts';
import { SEGMENTATION_STORAGE } from './write.ts';

/** Label Map Segmentation Storage: a pixel holds the number of its segment. */
const LABEL_MAP_STORAGE = '1.2.840.10008.5.1.4.1.1.66.7';

export interface ReadSegment {
  readonly number: number;
  readonly label: string;
  readonly category: Code | undefined;
  readonly type: Code | undefined;
  /** `AUTOMATIC`, `SEMIAUTOMATIC` or `MANUAL`, as written. */
  readonly algorithmType: string | undefined;
  readonly algorithmName: string | undefined;
  readonly trackingUid: string | undefined;
}

/** A segmentation as it was read, whoever wrote it. */
export interface ReadSegmentation {
  readonly dataset: Dataset;
  readonly SOPInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly FrameOfReferenceUID: string | undefined;
  readonly kind: 'BINARY' | 'FRACTIONAL' | 'LABELMAP';
  /** By number; the background of a label map is none. */
  readonly segments: readonly ReadSegment[];
  readonly frames: readonly ReadFrame[];
  readonly TransferSyntaxUID: string;
}

interface ReadFrame {
  /** Undefined in a label map, where a frame may hold them all. */
  readonly segment: number | undefined;
  readonly plane: ReadPlane;
}

/** A segment on the grid of the images. */
export interface Mask {
  /** 1 where the segment is: i fastest, then j, then k. */
  readonly voxels: Uint8Array;
  readonly count: number;
  /** Largest distance between where the object says that a pixel is and the voxel it became, mm. */
  readonly deviationMm: number;
}

/** Images onto which a segmentation is read. */
export interface Target {
  readonly grid: Grid;
  readonly FrameOfReferenceUID: string | null | undefined;
}

/**
 * Reads what a segmentation says of itself: binary, fractional or label map, its frames in any order. Pixels are read by
 * `maskOf`.
 *
 * @throws {UnfitObjectError} `kind`: it is no segmentation, or says nothing of its segments or frames
 * @throws {MalformedDicomError} it is no DICOM
 */
export function readSegmentation(bytes: Uint8Array): ReadSegmentation {
  const { dataset, meta, complete } = readPart10(bytes);
  const kind = kindOf(dataset);
  if (!complete) throw new UnfitObjectError('pixels', 'The segmentation is truncated.');
  const description = describePixels(dataset);
  const [shared] = dataset.items('SharedFunctionalGroupsSequence');
  const frames = dataset
    .items('PerFrameFunctionalGroupsSequence')
    .map((own) => frameOf(own, shared, description, kind));
  if (frames.length !== description.numberOfFrames) {
    throw new UnfitObjectError(
      'kind',
      `A segmentation must describe each of its frames; this one describes ${frames.length} of ${description.numberOfFrames}.`,
    );
  }
  return {
    dataset,
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '',
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    FrameOfReferenceUID: dataset.text('FrameOfReferenceUID'),
    kind,
    segments: dataset.items('SegmentSequence').flatMap(segmentOf),
    frames,
    TransferSyntaxUID: meta.TransferSyntaxUID,
  };
}

/**
 * The voxels of one segment on the grid of the images. A fractional pixel counts from half of the maximum on. Empty pixels
 * may lie beside the grid, others not.
 *
 * @throws {UnfitObjectError} another frame of reference, frames that are not on the grid, pixels that cannot be read
 */
export async function maskOf(segmentation: ReadSegmentation, segment: number, target: Target): Promise<Mask> {
  refuseOtherFrameOfReference(segmentation, target);
  const { grid } = target;
  const voxels = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
  const description = describePixels(segmentation.dataset);
  let deviationMm = 0;
  let count = 0;
  const counted = (at: number) => {
    count += 1 - (voxels[at] ?? 0);
    voxels[at] = 1;
  };
  for (const [index, frame] of segmentation.frames.entries()) {
    if (frame.segment !== undefined && frame.segment !== segment) continue;
    const placement = placementOf(frame.plane, grid);
    deviationMm = Math.max(deviationMm, placement.deviationMm);
    const put = putterOf(counted, placement, frame.plane);
    await eachPixelOf(segmentation, description, index, segment, put);
  }
  return { voxels, count, deviationMm };
}

/** @throws {UnfitObjectError} */
function refuseOtherFrameOfReference({ FrameOfReferenceUID }: ReadSegmentation, target: Target): void {
  if (FrameOfReferenceUID !== undefined && FrameOfReferenceUID === target.FrameOfReferenceUID) return;
  throw new UnfitObjectError(
    'frame-of-reference',
    'The segmentation must be in the frame of reference of the images; it is in another one.',
  );
}

function kindOf(dataset: Dataset): ReadSegmentation['kind'] {
  const sopClass = dataset.text('SOPClassUID');
  const type = dataset.text('SegmentationType');
  if (sopClass === LABEL_MAP_STORAGE || (sopClass === SEGMENTATION_STORAGE && type === 'LABELMAP')) return 'LABELMAP';
  if (sopClass === SEGMENTATION_STORAGE && (type === 'BINARY' || type === 'FRACTIONAL')) return type;
  throw new UnfitObjectError('kind', 'The file must be a DICOM segmentation, binary, fractional or a label map.');
}

function segmentOf(item: Dataset): ReadSegment[] {
  const number = item.number('SegmentNumber');
  if (number === undefined || number === 0) return [];
  return [
    {
      number,
      label: item.text('SegmentLabel') ?? '',
      category: codeOf(item, 'SegmentedPropertyCategoryCodeSequence'),
      type: codeOf(item, 'SegmentedPropertyTypeCodeSequence'),
      algorithmType: item.text('SegmentAlgorithmType'),
      algorithmName: item.text('SegmentAlgorithmName'),
      trackingUid: item.text('TrackingUID'),
    },
  ];
}

function frameOf(
  own: Dataset,
  shared: Dataset | undefined,
  { rows, columns }: PixelDescription,
  kind: ReadSegmentation['kind'],
): ReadFrame {
  const group = (keyword: string) => own.items(keyword)[0] ?? shared?.items(keyword)[0];
  const segment = group('SegmentIdentificationSequence')?.number('ReferencedSegmentNumber');
  if (segment === undefined && kind !== 'LABELMAP') {
    throw new UnfitObjectError('kind', 'A frame of a segmentation must name its segment; one does not.');
  }
  return {
    segment: kind === 'LABELMAP' ? undefined : segment,
    plane: {
      ImagePositionPatient: group('PlanePositionSequence')?.numbers('ImagePositionPatient') ?? [],
      ImageOrientationPatient: group('PlaneOrientationSequence')?.numbers('ImageOrientationPatient') ?? [],
      PixelSpacing: group('PixelMeasuresSequence')?.numbers('PixelSpacing') ?? [],
      rows,
      columns,
    },
  };
}

type Put = (pixel: number) => void;

function putterOf(set: (at: number) => void, placement: Placement, { rows, columns }: ReadPlane): Put {
  const { start, across, down, isInside } = placement;
  const whole = isInside(0, 0) && isInside(columns - 1, rows - 1);
  return (pixel) => {
    const row = Math.floor(pixel / columns);
    const column = pixel - row * columns;
    if (!whole && !isInside(column, row)) {
      throw new UnfitObjectError('geometry', 'The segmentation must lie inside the images; part of it lies outside.');
    }
    set(start + column * across + row * down);
  };
}

async function eachPixelOf(
  { dataset, kind, TransferSyntaxUID }: ReadSegmentation,
  description: PixelDescription,
  frame: number,
  segment: number,
  put: Put,
): Promise<void> {
  const count = description.rows * description.columns;
  try {
    if (description.bitsAllocated === 1 && transferSyntax(TransferSyntaxUID).compression === 'native') {
      const { bytes, firstBit } = nativeFrame(dataset, description, frame);
      eachSetBit(bytes, firstBit, count, put);
      return;
    }
    const { pixels } = await decodeFrameOf(dataset, TransferSyntaxUID, frame);
    const half = (dataset.number('MaximumFractionalValue') ?? 255) / 2;
    for (let at = 0; at < count; at++) {
      const value = pixels[at] ?? 0;
      const isIn = kind === 'LABELMAP' ? value === segment : kind === 'FRACTIONAL' ? value >= half : value > 0;
      if (isIn) put(at);
    }
  } catch (error) {
    if (error instanceof PixelDataError) throw new UnfitObjectError('pixels', error.message, error);
    throw error;
  }
}
