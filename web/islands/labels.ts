/** Where the labels of boxes stand; no document needed: the page places them for its picture, the island for the screen. */

import type { View } from './window.ts';

/** Pixels of the stored image: column then row, half-open. */
type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** Where the label of a box stands, in pixels of the stored image: left end of its baseline. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** Mean width of a bold character and height of a line, in font sizes. */
const CHARACTER = 0.6;
const LINE = 1.25;

/** Distance of the baseline from the top (above, inside) or bottom (below) edge of the box, in font sizes. */
const BASELINE = { above: -0.45, inside: 1.1, below: 1.1 } as const;

/** Font size of the labels in pixels of the stored image, where no island sizes them by the screen. */
export function labelSize({ rows, columns }: { readonly rows: number; readonly columns: number }): number {
  return Math.max(columns, rows) / 44;
}

/**
 * Places the labels of boxes so that none lies over another or beyond what is seen: above the box, else below it, else
 * inside at its top, else on the next line that is free.
 *
 * @param view what is seen of the stored image, in its pixels
 * @param texts one for each box, in the same order
 * @param size font size, in pixels of the stored image
 */
export function placeLabels(view: View, boxes: readonly Box[], texts: readonly string[], size: number): Label[] {
  const placed: Label[] = [];
  for (const [index, [x0, y0, x1, y1]] of boxes.entries()) {
    const text = texts[index] ?? '';
    const right = view.x + view.width;
    const isSeenOfIt = x1 > view.x && x0 < right;
    const x = isSeenOfIt ? Math.max(view.x, Math.min(x0, right - text.length * CHARACTER * size)) : x0;
    const inside = y0 + BASELINE.inside * size;
    const lines = boxes.map((_, line) => inside + (line + 1) * LINE * size);
    const candidates = [y0 + BASELINE.above * size, y1 + BASELINE.below * size, inside, ...lines];
    const free = candidates
      .map((y) => ({ text, x, y }))
      .find((label) => isSeen(label, view, size) && !placed.some((other) => overlap(label, other, size)));
    placed.push(free ?? { text, x, y: inside });
  }
  return placed;
}

function isSeen({ y }: Label, view: View, size: number): boolean {
  return y > view.y + size && y < view.y + view.height;
}

function overlap(a: Label, b: Label, size: number): boolean {
  const end = (label: Label) => label.x + label.text.length * CHARACTER * size;
  return Math.abs(a.y - b.y) < LINE * size && a.x < end(b) && b.x < end(a);
}
