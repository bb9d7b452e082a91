import type { GreyImage, Window } from './grey.ts';
import { resample } from './resample.ts';

/** A small picture of an image, bone bright. */
export interface Preview {
  readonly rows: number;
  readonly columns: number;
  /** Grey values in the image's own units; an inverted image's are counted down from `maximum`. */
  readonly grey16: Uint16Array;
  /** The same in 0..255 in the window. */
  readonly grey8: Uint8Array;
  /** The window in the units of `grey16`. */
  readonly window: Window;
}

/**
 * Makes a picture of at most `longestSide` pixels, never larger than the image.
 *
 * @param inverted bone is dark in the stored values
 * @param maximum largest value that the image can have
 */
export function previewOf(
  image: GreyImage,
  window: Window,
  { inverted, maximum, longestSide }: { inverted: boolean; maximum: number; longestSide: number },
): Preview {
  const scale = Math.min(1, longestSide / Math.max(image.rows, image.columns));
  const rows = Math.max(1, Math.round(image.rows * scale));
  const columns = Math.max(1, Math.round(image.columns * scale));
  const small = scale === 1 ? image.values : resample(image, rows, columns);
  const shown = inverted ? { low: maximum - window.high, high: maximum - window.low } : window;
  const turn = inverted ? maximum : 0;
  const sign = inverted ? -1 : 1;
  const shades = shadesOf(shown);
  const grey16 = new Uint16Array(small.length);
  const grey8 = new Uint8Array(small.length);
  for (let index = 0; index < small.length; index++) {
    const value = turn + sign * ((small[index] ?? 0) + 0.5 * sign);
    grey16[index] = value;
    grey8[index] = shades[grey16[index] ?? 0] ?? 0;
  }
  return { rows, columns, grey16, grey8, window: shown };
}

/** The shade of every grey value in a window. */
function shadesOf({ low, high }: Window): Uint8ClampedArray {
  const factor = 255 / (high - low);
  const shades = new Uint8ClampedArray(65_536);
  for (let value = 0; value < shades.length; value++) shades[value] = (value - low) * factor;
  return shades;
}
