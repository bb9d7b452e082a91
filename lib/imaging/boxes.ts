import type { Box } from '../../schemas/result.ts';

/** Boxes are half-open, column then row: [x0, y0, x1, y1]. */

export function area([x0, y0, x1, y1]: Box): number {
  return Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
}

/** Intersection over union, 0..1; 0 where both are empty. */
export function iou(a: Box, b: Box): number {
  const shared = area([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]);
  const union = area(a) + area(b) - shared;
  return union > 0 ? shared / union : 0;
}

/** The part of a box inside an image of that size. */
export function clip([x0, y0, x1, y1]: Box, size: { readonly rows: number; readonly columns: number }): Box {
  const x = (value: number) => Math.min(size.columns, Math.max(0, value));
  const y = (value: number) => Math.min(size.rows, Math.max(0, value));
  return [x(x0), y(y0), x(x1), y(y1)];
}

/**
 * Non-maximum suppression: of boxes that overlap by more than `mostIou`, whatever their class, the one with the highest
 * score stays.
 *
 * @returns the kept ones, highest score first
 */
export function suppress<T extends { readonly box: Box; readonly score: number }>(
  candidates: readonly T[],
  mostIou: number,
): T[] {
  const kept: T[] = [];
  for (const candidate of [...candidates].sort((a, b) => b.score - a.score)) {
    if (kept.every(({ box }) => iou(box, candidate.box) <= mostIou)) kept.push(candidate);
  }
  return kept;
}
