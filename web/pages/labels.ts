import type { HipImage } from '../../schemas/result.ts';

/** Where the label of a box stands, in pixels of the stored image: left end of its baseline. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** Edge of the box that it belongs to, and on which side of it: labels keep their distance when zoomed. */
  readonly edge: 'above' | 'inside' | 'below';
}

/** Mean width of a bold character and height of a line, in font sizes. */
const CHARACTER = 0.6;
const LINE = 1.25;

/** Distance of the baseline from the top (above, inside) or bottom (below) edge of the box, in font sizes. */
export const BASELINE = { above: -0.45, inside: 1.1, below: 1.1 } as const;

/** Font size of the labels in pixels of the stored image, where no island sizes them by the screen. */
export function labelSize({ rows, columns }: Pick<HipImage, 'rows' | 'columns'>): number {
  return Math.max(columns, rows) / 44;
}

/**
 * Places the labels of an image's boxes so that none lies over another or beyond the image: above the box, else below
 * it, else inside.
 *
 * @param texts one for each box, in the same order
 */
export function placeLabels(image: Pick<HipImage, 'rows' | 'columns' | 'hips'>, texts: readonly string[]): Label[] {
  const size = labelSize(image);
  const placed: Label[] = [];
  for (const [index, { box }] of image.hips.entries()) {
    const text = texts[index] ?? '';
    const [x0, y0, , y1] = box;
    const x = Math.max(0, Math.min(x0, image.columns - text.length * CHARACTER * size));
    const candidates = (['above', 'below', 'inside'] as const).map((edge) => ({
      text,
      x,
      y: (edge === 'below' ? y1 : y0) + BASELINE[edge] * size,
      edge,
    }));
    const free = candidates.find(
      (label) => label.y > size && label.y < image.rows && !placed.some((other) => overlap(label, other, size)),
    );
    placed.push(free ?? { text, x, y: y0 + BASELINE.inside * size, edge: 'inside' });
  }
  return placed;
}

function overlap(a: Label, b: Label, size: number): boolean {
  const end = (label: Label) => label.x + label.text.length * CHARACTER * size;
  return Math.abs(a.y - b.y) < LINE * size && a.x < end(b) && b.x < end(a);
}
