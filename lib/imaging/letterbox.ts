import type { Letterbox } from '../../schemas/radiograph.ts';
import type { Box } from '../../schemas/result.ts';
import { clip } from './boxes.ts';
import type { GreyImage, Window } from './grey.ts';
import { resample } from './resample.ts';

/**
 * Where an image comes to lie in a model's input: as large as fits with true proportions, in the middle.
 *
 * @param image size in pixels; `pixelAspect` is a pixel's height over its width in the patient
 * @param input size of the model's input in pixels
 */
export function letterboxOf(
  image: { readonly rows: number; readonly columns: number; readonly pixelAspect: number },
  input: { readonly rows: number; readonly columns: number },
): Letterbox {
  const height = image.rows * image.pixelAspect;
  const scale = Math.min(input.columns / image.columns, input.rows / height);
  const contentColumns = Math.max(1, Math.round(image.columns * scale));
  const contentRows = Math.max(1, Math.round(height * scale));
  return {
    image: { rows: image.rows, columns: image.columns },
    input: { rows: input.rows, columns: input.columns },
    content: { rows: contentRows, columns: contentColumns },
    offset: {
      row: Math.floor((input.rows - contentRows) / 2),
      column: Math.floor((input.columns - contentColumns) / 2),
    },
  };
}

/** A box of the image in pixels of the input. */
export function toInput({ image, content, offset }: Letterbox, [x0, y0, x1, y1]: Box): Box {
  const x = (value: number) => (value * content.columns) / image.columns + offset.column;
  const y = (value: number) => (value * content.rows) / image.rows + offset.row;
  return [x(x0), y(y0), x(x1), y(y1)];
}

/** A box of the input in pixels of the stored image, clipped to it. The inverse of `toInput` for boxes inside the image. */
export function toImage({ image, content, offset }: Letterbox, [x0, y0, x1, y1]: Box): Box {
  const x = (value: number) => ((value - offset.column) * image.columns) / content.columns;
  const y = (value: number) => ((value - offset.row) * image.rows) / content.rows;
  return clip([x(x0), y(y0), x(x1), y(y1)], image);
}

/**
 * The model's input: the image resampled into its place, its window mapped to 0..1 with bone bright.
 *
 * @param inverted the stored values are dark where bone is (MONOCHROME1)
 * @param padding value around the image
 * @returns `input.rows × input.columns` values, row by row
 */
export function fillInput(
  image: GreyImage,
  letterbox: Letterbox,
  { low, high }: Window,
  { inverted, padding }: { readonly inverted: boolean; readonly padding: number },
): Float32Array {
  const { input, content, offset } = letterbox;
  const small = resample(image, content.rows, content.columns);
  const tensor = new Float32Array(input.rows * input.columns).fill(padding);
  const scale = 1 / (high - low);
  for (let row = 0; row < content.rows; row++) {
    const from = row * content.columns;
    const to = (row + offset.row) * input.columns + offset.column;
    for (let column = 0; column < content.columns; column++) {
      const value = Math.min(1, Math.max(0, ((small[from + column] ?? 0) - low) * scale));
      tensor[to + column] = inverted ? 1 - value : value;
    }
  }
  return tensor;
}
