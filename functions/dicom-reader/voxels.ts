import type { DecodedImage } from '../../lib/dicom/pixels.ts';
import { newNifti, type WrittenKind } from '../../lib/imaging/nifti.ts';
import type { Voxels } from '../../lib/imaging/volume.ts';
import type { Grid } from '../../schemas/volume.ts';

const LIMITS = { int16: [-32_768, 32_767], uint16: [0, 65_535], int32: [-(2 ** 31), 2 ** 31 - 1] } as const;

/**
 * The voxels of a volume, filled slice by slice, in the smallest of int16, uint16, int32 that holds every value exactly;
 * where the rescale is no whole number in float32. The bytes are those of the NIfTI file, so that nothing is copied at the
 * end.
 */
export class GrowingVoxels {
  readonly #grid: Grid;
  #kind: WrittenKind;
  #file: { readonly bytes: Buffer; readonly values: Voxels };

  constructor(grid: Grid, kind: 'int16' | 'uint16' | 'float32') {
    this.#grid = grid;
    this.#kind = kind;
    this.#file = newNifti(grid, kind);
  }

  get bytes(): Buffer {
    return this.#file.bytes;
  }

  get kind(): WrittenKind {
    return this.#kind;
  }

  get values(): Voxels {
    return this.#file.values;
  }

  /** Whether slice `k` holds just the values of this image. */
  holds(k: number, image: DecodedImage, rescale: Rescale): boolean {
    const slice = this.#slice(k);
    const { pixels } = image;
    const { left, right, signed } = shiftsOf(image);
    for (let at = 0; at < slice.length; at++) {
      const cell = (pixels[at] ?? 0) << left;
      const value = (signed ? cell >> right : cell >>> right) * rescale.slope + rescale.intercept;
      if (slice[at] !== (this.#kind === 'float32' ? Math.fround(value) : value)) return false;
    }
    return true;
  }

  /** Writes an image, rescaled, as slice `k`. */
  put(k: number, image: DecodedImage, rescale: Rescale): void {
    if (this.#kind !== 'float32') {
      const range = rangeOf(image, rescale);
      if (!fits(range, this.#kind)) this.#widen(range);
    }
    const slice = this.#slice(k);
    const { pixels } = image;
    const { slope, intercept } = rescale;
    const { left, right, signed } = shiftsOf(image);
    for (let at = 0; at < slice.length; at++) {
      const cell = (pixels[at] ?? 0) << left;
      slice[at] = (signed ? cell >> right : cell >>> right) * slope + intercept;
    }
  }

  #slice(k: number): Voxels {
    const length = this.#grid.size[0] * this.#grid.size[1];
    return this.#file.values.subarray(k * length, (k + 1) * length);
  }

  #widen(range: readonly [number, number]): void {
    this.#kind = fits(range, 'int32') ? 'int32' : 'float32';
    const { values } = this.#file;
    this.#file = newNifti(this.#grid, this.#kind);
    this.#file.values.set(values);
  }
}

/** Output value = stored value × slope + intercept. */
export interface Rescale {
  readonly slope: number;
  readonly intercept: number;
}

/** The kind to begin with: what the headers let expect. */
export function kindFor(images: readonly (Rescale & { readonly isWide: boolean })[]): 'int16' | 'uint16' | 'float32' {
  const isWhole = images.every(({ slope, intercept }) => Number.isInteger(slope) && Number.isInteger(intercept));
  if (!isWhole) return 'float32';
  const isUnsigned = images.some(({ isWide, slope, intercept }) => isWide && slope === 1 && intercept === 0);
  return isUnsigned ? 'uint16' : 'int16';
}

/** How far a cell is shifted up and down again, to leave the bits of its value with their sign. */
function shiftsOf({ bitsStored, highBit, signed }: DecodedImage): { left: number; right: number; signed: boolean } {
  return { left: 31 - highBit, right: 32 - bitsStored, signed };
}

/** The least and greatest value of an image. */
function rangeOf(image: DecodedImage, { slope, intercept }: Rescale): readonly [number, number] {
  const { left, right, signed } = shiftsOf(image);
  const { pixels } = image;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < pixels.length; at++) {
    const cell = (pixels[at] ?? 0) << left;
    const value = signed ? cell >> right : cell >>> right;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const [a, b] = [low * slope + intercept, high * slope + intercept];
  return a < b ? [a, b] : [b, a];
}

function fits([low, high]: readonly [number, number], kind: WrittenKind): boolean {
  if (kind === 'float32' || kind === 'uint8') return kind === 'float32';
  return low >= LIMITS[kind][0] && high <= LIMITS[kind][1];
}
