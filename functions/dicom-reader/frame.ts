import type { Dataset } from '../../lib/dicom/dataset.ts';
import { describePixels } from '../../lib/dicom/pixel-description.ts';
import { dot, length, scaled, type Vector } from '../../lib/imaging/affine.ts';
import type { SelectedInstance } from '../../schemas/series-index.ts';
import type { SourceSlice } from '../../schemas/volume.ts';

/** An image cannot be part of a volume; the message says why, as a sentence for a person. */
export class NoSliceError extends Error {
  override readonly name = 'NoSliceError';
}

/** One image of a series, a frame of a multi-frame object or an object itself: where it lies and what tells it apart. */
export interface Frame {
  readonly source: SourceSlice;
  readonly rows: number;
  readonly columns: number;
  /** Of the first pixel's centre, LPS, mm. */
  readonly position: Vector;
  /** Unit vectors along a row (i) and down a column (j), LPS. */
  readonly along: Vector;
  readonly down: Vector;
  /** Between columns (i) and between rows (j), mm. */
  readonly spacing: readonly [number, number];
  readonly thickness: number | null;
  /** Output value = stored value × slope + intercept. */
  readonly slope: number;
  readonly intercept: number;
  /** Stored values are unsigned and have 16 bits or more. */
  readonly isWide: boolean;
  /** Displays show low values bright (MONOCHROME1). */
  readonly isShownInverted: boolean;
  readonly FrameOfReferenceUID: string | null;
  readonly Modality: string;
  /** Values of `DISTINGUISHING` and of what was asked for, where the image has them. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What may tell images at one place apart, the commonest reason first. */
export const DISTINGUISHING = [
  'ComplexImageComponent',
  'EchoTime',
  'EchoNumbers',
  'DiffusionBValue',
  'InversionTime',
  'FlipAngle',
  'TemporalPositionIdentifier',
  'ConvolutionKernel',
  'ImageType',
  'AcquisitionNumber',
  'TriggerTime',
  'DiffusionGradientOrientation',
  'StackID',
] as const;

/** Where enhanced multi-frame objects call an attribute otherwise (PS3.3 C.8.13, C.7.6.16). */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  EchoTime: 'EffectiveEchoTime',
  ImageType: 'FrameType',
  InversionTime: 'InversionTimes',
  TemporalPositionIdentifier: 'TemporalPositionIndex',
  TriggerTime: 'NominalCardiacTriggerDelayTime',
};

/** Rows and columns whose cosines are further from unit length or from a right angle than this are no directions. */
const CROOKED = 1e-2;

/**
 * The images of an instance.
 *
 * @param wanted further attributes to take along
 * @throws {NoSliceError} an image has no place in the patient, colours, or several slices in one picture
 * @throws {PixelDataError} its size is missing or impossible
 */
export function framesOf(
  dataset: Dataset,
  SOPClassUID: string,
  { sha256, SOPInstanceUID }: SelectedInstance,
  wanted: readonly string[] = [],
): Frame[] {
  const description = describePixels(dataset);
  const { rows, columns, numberOfFrames, samplesPerPixel, photometricInterpretation } = description;
  if (samplesPerPixel > 1 || photometricInterpretation === 'PALETTE COLOR') {
    throw new NoSliceError('It is a colour picture, which has no values that can be measured.');
  }
  if (description.bitsAllocated === 1) throw new NoSliceError('It is a mask of single bits, not an image.');
  if (dataset.texts('ImageType').some((value) => /^(MOSAIC|VFRAME)$/i.test(value))) {
    throw new NoSliceError(
      'It is a mosaic, a picture made of all slices beside each other; send the slices themselves.',
    );
  }
  const shared = dataset.items('SharedFunctionalGroupsSequence').flatMap(groupsOf);
  const perFrame = dataset.items('PerFrameFunctionalGroupsSequence').map(groupsOf);
  if (numberOfFrames > 1 && perFrame.length !== numberOfFrames) {
    throw new NoSliceError(
      `It has ${numberOfFrames} frames, and says of ${perFrame.length} of them where they lie in the patient.`,
    );
  }
  return Array.from({ length: numberOfFrames }, (_, index) => ({
    source: { sha256, SOPInstanceUID, SOPClassUID, frame: index + 1 },
    rows,
    columns,
    isWide: !description.signed && description.bitsStored >= 16,
    isShownInverted: photometricInterpretation === 'MONOCHROME1',
    ...describe([...(perFrame[index] ?? []), ...shared, dataset], wanted),
  }));
}

/** The groups of an item of functional groups, each a sequence of one item, and the sequences inside them. */
function groupsOf(item: Dataset): Dataset[] {
  const inner = (group: Dataset) => group.keywords().flatMap((keyword) => group.items(keyword));
  return inner(item).flatMap((group) => [group, ...inner(group)]);
}

/** @param layers data sets that speak of the image, the nearest first */
function describe(
  layers: readonly Dataset[],
  wanted: readonly string[],
): Omit<Frame, 'source' | 'rows' | 'columns' | 'isWide' | 'isShownInverted'> {
  const numbers = (keyword: string) => firstOf(layers, (dataset) => dataset.numbers(keyword));
  const text = (keyword: string) => firstOf(layers, (dataset) => dataset.texts(keyword))[0] ?? null;
  const [x, y, z] = numbers('ImagePositionPatient');
  if (x === undefined || y === undefined || z === undefined) {
    throw new NoSliceError('It does not say where it lies in the patient: it has no ImagePositionPatient.');
  }
  const [rowSpacing = 0, columnSpacing = 0] = numbers('PixelSpacing');
  if (!(rowSpacing > 0 && columnSpacing > 0)) {
    throw new NoSliceError('It does not say how large its pixels are: it has no PixelSpacing that can be.');
  }
  const keywords = [...DISTINGUISHING, ...wanted];
  const values = keywords.map((keyword) => [keyword, attributeOf(layers, keyword)] as const);
  return {
    position: [x, y, z],
    ...directionsOf(numbers('ImageOrientationPatient')),
    spacing: [columnSpacing, rowSpacing],
    thickness: numbers('SliceThickness')[0] ?? null,
    slope: numbers('RescaleSlope')[0] ?? 1,
    intercept: numbers('RescaleIntercept')[0] ?? 0,
    FrameOfReferenceUID: text('FrameOfReferenceUID'),
    Modality: text('Modality') ?? '',
    attributes: Object.fromEntries(values.flatMap(([keyword, value]) => (value === '' ? [] : [[keyword, value]]))),
  };
}

function directionsOf(cosines: readonly number[]): Pick<Frame, 'along' | 'down'> {
  const [a, b, c, d, e, f] = cosines;
  if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || f === undefined) {
    throw new NoSliceError('It does not say how it lies in the patient: it has no ImageOrientationPatient.');
  }
  const [along, down]: [Vector, Vector] = [
    [a, b, c],
    [d, e, f],
  ];
  const crooked = [length(along) - 1, length(down) - 1, dot(along, down)].some((off) => !(Math.abs(off) < CROOKED));
  if (crooked)
    throw new NoSliceError('Its ImageOrientationPatient cannot be: rows and columns are not at right angles.');
  return { along: scaled(along, 1 / length(along)), down: scaled(down, 1 / length(down)) };
}

function attributeOf(layers: readonly Dataset[], keyword: string): string {
  const own = firstOf(layers, (dataset) => dataset.texts(keyword));
  const other = OTHER_NAMES[keyword];
  const values = own.length > 0 || other === undefined ? own : firstOf(layers, (dataset) => dataset.texts(other));
  return values.join('\\');
}

function firstOf<T>(layers: readonly Dataset[], read: (dataset: Dataset) => T[]): T[] {
  for (const dataset of layers) {
    const values = read(dataset);
    if (values.length > 0) return values;
  }
  return [];
}
