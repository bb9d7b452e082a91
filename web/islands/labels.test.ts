import { describe, expect, it } from 'vitest';
import type { Box } from '../../schemas/result.ts';
import { hipNames } from '../runs/hips.ts';
import { hip } from '../testing/results.ts';
import { labelSize, placeLabels } from './labels.ts';

const WHOLE = { x: 0, y: 0, width: 440, height: 440 };
const SIZE = labelSize({ rows: 440, columns: 440 });
const place = (boxes: Box[], texts: string[], size = SIZE) => placeLabels(WHOLE, boxes, texts, size);

describe('hipNames', () => {
  it('counts only where a side was found twice', () => {
    const hips = [hip({ side: 'right' }), hip({ side: 'left' }), hip({ side: 'left' }), hip({ side: null })];
    expect(hipNames(hips)).toEqual(['Right hip', 'Left hip (1)', 'Left hip (2)', 'Hip, side unknown']);
  });
});

describe('placeLabels', () => {
  it('stands above its box', () => {
    expect(place([[50, 100, 150, 200]], ['one'])).toEqual([{ text: 'one', x: 50, y: 95.5 }]);
  });

  it('goes below where another label stands already, and inside where there is no room', () => {
    const boxes: Box[] = [
      [50, 100, 150, 200],
      [60, 102, 160, 202],
      [70, 104, 170, 204],
    ];
    const rows = place(boxes, ['the first', 'the second', 'the third']).map(({ y }) => y);
    expect(rows).toEqual([95.5, 213, 115]);
  });

  it('goes below where the box touches the upper rim of the image', () => {
    expect(place([[50, 0, 150, 200]], ['one'])[0]?.y).toBe(211);
  });

  it('never leaves the image to the right', () => {
    const text = 'Left hip: no fracture 88 %';
    const [label] = place([[400, 100, 440, 200]], [text]);
    expect((label?.x ?? 0) + text.length * 0.6 * SIZE).toBeLessThanOrEqual(440);
  });

  it.each([10, 25, 40])('lays no label over another, also where the picture is small: letters of %d', (size) => {
    const boxes: Box[] = [
      [60, 190, 160, 290],
      [280, 190, 380, 290],
      [290, 200, 390, 300],
    ];
    const labels = place(
      boxes,
      ['Right hip: fracture 93 %', 'Left hip (1): no fracture 88 %', 'Left hip (2): hardware'],
      size,
    );
    for (const [index, one] of labels.entries()) {
      for (const other of labels.slice(index + 1)) {
        const apart =
          one.x + one.text.length * 0.6 * size <= other.x || other.x + other.text.length * 0.6 * size <= one.x;
        expect(apart || Math.abs(one.y - other.y) >= 1.25 * size, `${one.text} and ${other.text}`).toBe(true);
      }
    }
  });
});
