import { describe, expect, it } from 'vitest';
import type { Box } from '../../schemas/result.ts';
import { hipNames } from '../hips.ts';
import { hip } from '../testing/results.ts';
import { labelSize, placeLabels } from './labels.ts';

const SIZE = { rows: 440, columns: 440 };
const image = (...boxes: Box[]) => ({ ...SIZE, hips: boxes.map((box) => hip({ box })) });

describe('hipNames', () => {
  it('counts only where a side was found twice', () => {
    const hips = [hip({ side: 'right' }), hip({ side: 'left' }), hip({ side: 'left' }), hip({ side: null })];
    expect(hipNames(hips)).toEqual(['Right hip', 'Left hip (1)', 'Left hip (2)', 'Hip, side unknown']);
  });
});

describe('placeLabels', () => {
  it('stands above its box', () => {
    expect(placeLabels(image([50, 100, 150, 200]), ['one'])).toEqual([{ text: 'one', x: 50, y: 95.5, edge: 'above' }]);
  });

  it('goes below where another label stands already, and inside where there is no room', () => {
    const edges = placeLabels(image([50, 100, 150, 200], [60, 102, 160, 202], [70, 104, 170, 204]), [
      'the first',
      'the second',
      'the third',
    ]);
    expect(edges.map(({ edge }) => edge)).toEqual(['above', 'below', 'inside']);
  });

  it('goes below where the box touches the upper rim of the image', () => {
    expect(placeLabels(image([50, 0, 150, 200]), ['one'])[0]?.edge).toBe('below');
  });

  it('never leaves the image to the right', () => {
    const text = 'Left hip: no fracture 88 %';
    const [label] = placeLabels(image([400, 100, 440, 200]), [text]);
    expect((label?.x ?? 0) + text.length * 0.6 * labelSize(SIZE)).toBeLessThanOrEqual(440);
  });
});
