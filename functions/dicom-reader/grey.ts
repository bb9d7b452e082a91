import { type DecodedImage, type PixelArray, storedValues } from '../../lib/dicom/pixels.ts';

/** The image is coloured, so it is no radiograph. */
export class ColourImageError extends Error {
  override readonly name = 'ColourImageError';
}

/** Channels of a grey picture stored as colour may differ by this much, from lossy compression. */
const SAME_GREY = 12;
/** Share of pixels that may differ more: burned-in coloured marks. */
const FEW = 0.02;

/** Grey values from 0 to `maximum`; stored value = grey value + `offset`. */
export interface Grey {
  readonly values: Uint16Array;
  readonly maximum: number;
  readonly offset: number;
  readonly notes: string[];
}

/**
 * One grey value a pixel, in 16 bits.
 *
 * @throws {ColourImageError} the channels differ, or a value needs more than 16 bits
 */
export function greyOf(image: DecodedImage): Grey {
  if (image.bitsStored > 16) {
    throw new ColourImageError(`Its pixels have ${image.bitsStored} bits; a radiograph has at most 16.`);
  }
  const maximum = 2 ** image.bitsStored - 1;
  if (image.samplesPerPixel === 1) {
    const offset = image.signed ? -(2 ** (image.bitsStored - 1)) : 0;
    const values = isClean(image, maximum) ? image.pixels : storedValues(image);
    return { values: unsigned(values, offset), maximum, offset, notes: [] };
  }
  const notes = ['The picture is stored in colour; its grey values are read.'];
  const luminance = image.photometricInterpretation.startsWith('YBR_FULL');
  return { values: oneChannel(storedValues(image), image.samplesPerPixel, luminance), maximum, offset: 0, notes };
}

/** No bit outside BitsStored is set, as in nearly every file: then the cells are the values, and no copy is made. */
function isClean({ pixels, signed, highBit, bitsStored }: DecodedImage, maximum: number): boolean {
  if (signed || highBit !== bitsStored - 1) return false;
  let seen = 0;
  for (let at = 0; at < pixels.length; at++) seen |= pixels[at] ?? 0;
  return seen <= maximum;
}

function unsigned(values: PixelArray, offset: number): Uint16Array {
  if (offset === 0 && values instanceof Uint16Array) return values;
  const grey = new Uint16Array(values.length);
  for (let at = 0; at < grey.length; at++) grey[at] = (values[at] ?? 0) - offset;
  return grey;
}

/** The first channel, if the others agree with it (RGB) or lie in the middle (the colour channels of YBR). */
function oneChannel(values: PixelArray, samples: number, luminance: boolean): Uint16Array {
  const grey = new Uint16Array(values.length / samples);
  let coloured = 0;
  for (let pixel = 0, at = 0; pixel < grey.length; pixel++, at += samples) {
    const first = values[at] ?? 0;
    const middle = luminance ? 128 : first;
    const second = (values[at + 1] ?? 0) - middle;
    const third = (values[at + 2] ?? 0) - middle;
    if (Math.abs(second) > SAME_GREY || Math.abs(third) > SAME_GREY) coloured++;
    grey[pixel] = first;
  }
  if (coloured > FEW * grey.length) throw new ColourImageError('It is a colour picture.');
  return grey;
}
