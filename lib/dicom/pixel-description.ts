import type { Dataset } from './dataset.ts';

/** The pixels cannot be read; the message is a sentence for a person and holds no value that identifies one. */
export class PixelDataError extends Error {
  override readonly name = 'PixelDataError';
}

/** How the frames of a data set are laid out. Names are DICOM's, checked and made whole. */
export interface PixelDescription {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  readonly planarConfiguration: 0 | 1;
  readonly bitsAllocated: 1 | 8 | 16 | 32;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly numberOfFrames: number;
}

/**
 * Reads the image pixel attributes and refuses what no image can be.
 *
 * @throws {PixelDataError} an attribute is missing, impossible
 */
export function describePixels(dataset: Dataset): PixelDescription {
  const rows = required(dataset, 'Rows');
  const columns = required(dataset, 'Columns');
  const samplesPerPixel = dataset.number('SamplesPerPixel') ?? 1;
  const bitsAllocated = allowedBits(dataset.number('BitsAllocated'));
  const bitsStored = dataset.number('BitsStored') ?? bitsAllocated;
  const highBit = highBitOf(dataset, bitsAllocated, bitsStored);
  const numberOfFrames = dataset.number('NumberOfFrames') ?? 1;
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3 && samplesPerPixel !== 4) {
    throw new PixelDataError(`SamplesPerPixel must be 1, 3 or 4; the image says ${samplesPerPixel}.`);
  }
  if (!Number.isInteger(bitsStored) || bitsStored < 1 || bitsStored > bitsAllocated) {
    throw new PixelDataError(
      `BitsStored must be 1 to BitsAllocated; the image says ${bitsStored} of ${bitsAllocated}.`,
    );
  }
  if (!Number.isInteger(numberOfFrames) || numberOfFrames < 1) {
    throw new PixelDataError(`NumberOfFrames must be at least 1; the image says ${numberOfFrames}.`);
  }
  return {
    rows,
    columns,
    samplesPerPixel,
    photometricInterpretation:
      dataset.text('PhotometricInterpretation') ?? (samplesPerPixel === 1 ? 'MONOCHROME2' : 'RGB'),
    planarConfiguration: samplesPerPixel > 1 && dataset.number('PlanarConfiguration') === 1 ? 1 : 0,
    bitsAllocated,
    bitsStored,
    highBit,
    signed: dataset.number('PixelRepresentation') === 1,
    numberOfFrames,
  };
}

/** Whether a data set holds pixels, of whatever kind. */
export function holdsPixels(dataset: Dataset): boolean {
  return ['PixelData', 'FloatPixelData', 'DoubleFloatPixelData'].some((keyword) => dataset.has(keyword));
}

/** Samples in a frame. */
export function samplesOf(description: PixelDescription): number {
  return description.rows * description.columns * description.samplesPerPixel;
}

/** Bytes of a decoded frame, a byte for each pixel of a bit image. */
export function decodedBytes(description: PixelDescription): number {
  return samplesOf(description) * Math.max(1, description.bitsAllocated / 8);
}

/**
 * @param held bytes of pixel data that the file holds
 * @param largest bytes that a decoded frame may have
 * @throws {PixelDataError} the frame is larger than any image
 */
export function refuseAbsurdSize(description: PixelDescription, held: number, largest: number): void {
  if (decodedBytes(description) <= largest) return;
  throw new PixelDataError(
    `The image claims ${sizeText(description)} pixels, but holds ${bytesText(held)} of pixel data.`,
  );
}

export function sizeText({ columns, rows }: { columns: number; rows: number }): string {
  return `${columns} × ${rows}`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`;
}

/** A HighBit that cannot be is read as the usual one, as other readers do. */
function highBitOf(dataset: Dataset, bitsAllocated: number, bitsStored: number): number {
  const stated = dataset.number('HighBit');
  const usual = bitsStored - 1;
  return stated === undefined || !Number.isInteger(stated) || stated < usual || stated >= bitsAllocated
    ? usual
    : stated;
}

function required(dataset: Dataset, keyword: 'Rows' | 'Columns'): number {
  const value = dataset.number(keyword);
  if (value === undefined || !Number.isInteger(value) || value < 1)
    throw new PixelDataError(`The image does not say how large it is: ${keyword} is ${value ?? 'missing'}.`);
  return value;
}

function allowedBits(bits: number | undefined): 1 | 8 | 16 | 32 {
  if (bits === 1 || bits === 8 || bits === 16 || bits === 32) return bits;
  throw new PixelDataError(`BitsAllocated must be 1, 8, 16 or 32; the image says ${bits ?? 'nothing'}.`);
}
