/** Arithmetic of the radiograph's window and of the part that is seen; no document needed. */

/** Grey values from `centre - width / 2` (black) to `centre + width / 2` (white). */
export interface Window {
  readonly centre: number;
  readonly width: number;
}

/** The part of the image that fills the viewport, in pixels of the stored image: column, row, width, height. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The window that the result states, as the values shown black and white: `100 2900`. */
export function statedWindow(text: string | undefined): Window | undefined {
  const [low = Number.NaN, high = Number.NaN] = (text ?? '').split(' ').map(Number);
  return text !== '' && high > low ? { centre: (low + high) / 2, width: high - low } : undefined;
}

/** The window that a radiograph opens with where none is stated: from its 0.5th to its 99.5th percentile. */
export function openingWindow(values: Uint16Array): Window {
  const histogram = new Uint32Array(65536);
  for (const value of values) histogram[value] = (histogram[value] ?? 0) + 1;
  const low = percentile(histogram, values.length * 0.005);
  const high = percentile(histogram, values.length * 0.995);
  return { centre: (low + high) / 2, width: Math.max(1, high - low) };
}

/** Brightness 0..255 of every grey value. */
export function lookupTable({ centre, width }: Window, inverted: boolean): Uint8ClampedArray {
  const table = new Uint8ClampedArray(65536);
  const low = centre - width / 2;
  for (let value = 0; value < table.length; value += 1) {
    const level = ((value - low) / width) * 255;
    table[value] = inverted ? 255 - level : level;
  }
  return table;
}

/**
 * Mouse drag: to the right widens the window, down raises its centre (darker), as on PACS workstations. A drag of 500
 * screen pixels changes by the opening window's width.
 */
export function draggedWindow(window: Window, opening: Window, dx: number, dy: number): Window {
  const unit = opening.width / 500;
  return { centre: window.centre + dy * unit, width: Math.max(1, window.width + dx * unit) };
}

/**
 * Zooms about a point that stays where it is, between the whole image and sixteenfold.
 *
 * @param factor above 1 shows less, larger
 */
export function zoomedView(view: View, whole: View, factor: number, at: { x: number; y: number }): View {
  const width = Math.min(whole.width, Math.max(whole.width / 16, view.width / factor));
  const ratio = width / view.width;
  return within(
    {
      x: at.x - (at.x - view.x) * ratio,
      y: at.y - (at.y - view.y) * ratio,
      width,
      height: view.height * ratio,
    },
    whole,
  );
}

/** Moves the view by pixels of the stored image, not beyond the image. */
export function pannedView(view: View, whole: View, dx: number, dy: number): View {
  return within({ ...view, x: view.x + dx, y: view.y + dy }, whole);
}

function within(view: View, whole: View): View {
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), Math.max(low, high));
  return {
    ...view,
    x: clamp(view.x, whole.x, whole.x + whole.width - view.width),
    y: clamp(view.y, whole.y, whole.y + whole.height - view.height),
  };
}

function percentile(histogram: Uint32Array, rank: number): number {
  let seen = 0;
  for (let value = 0; value < histogram.length; value += 1) {
    seen += histogram[value] ?? 0;
    if (seen > rank) return value;
  }
  return histogram.length - 1;
}
