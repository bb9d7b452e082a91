import { describe, expect, it } from 'vitest';
import type { Box } from '../../schemas/result.ts';
import { clip, iou, suppress } from './boxes.ts';
import { fillInput, letterboxOf, toImage, toInput } from './letterbox.ts';
import { previewOf } from './preview.ts';
import { resample } from './resample.ts';
import { percentileWindow } from './window.ts';

function grey(rows: number, columns: number, value: (row: number, column: number) => number) {
  const values = Uint16Array.from({ length: rows * columns }, (_, at) => value(Math.floor(at / columns), at % columns));
  return { rows, columns, values };
}

describe('percentileWindow', () => {
  const hundred = Uint16Array.from({ length: 100 }, (_, index) => index + 1);

  it('lies between the percentiles', () => {
    expect(percentileWindow(hundred, { low: 5, high: 95 })).toEqual({ low: 5, high: 95 });
    expect(percentileWindow(hundred, { low: 0, high: 100 })).toEqual({ low: 1, high: 100 });
  });

  it('does not count padding', () => {
    const padded = Uint16Array.from([...hundred, ...new Uint16Array(900).fill(5000)]);
    expect(percentileWindow(padded, { low: 0, high: 100 }, [4000, 6000])).toEqual({ low: 1, high: 100 });
  });

  it('is one value wide for a constant image, and for none', () => {
    expect(percentileWindow(new Uint16Array(10).fill(7), { low: 1, high: 99 })).toEqual({ low: 7, high: 8 });
    expect(percentileWindow(new Uint16Array(0), { low: 1, high: 99 })).toEqual({ low: 0, high: 1 });
  });
});

describe('resample', () => {
  it('takes the mean of the area that an output pixel covers', () => {
    expect([
      ...resample(
        grey(2, 4, (row, column) => row * 4 + column),
        1,
        2,
      ),
    ]).toEqual([2.5, 4.5]);
  });

  it('weighs pixels that are covered in part', () => {
    const [first, second] = resample(
      grey(1, 3, (_, column) => [0, 3, 6][column] ?? 0),
      1,
      2,
    );
    expect(first).toBeCloseTo(1);
    expect(second).toBeCloseTo(5);
  });

  it('keeps the mean of the image when it shrinks', () => {
    const image = grey(97, 131, (row, column) => (row * 37 + column * 11) % 1000);
    const mean = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0) / [...values].length;
    expect(mean(resample(image, 20, 30))).toBeCloseTo(mean(image.values), 1);
  });

  it('is bilinear where it grows, and leaves an image of the same size alone', () => {
    expect([
      ...resample(
        grey(1, 2, (_, column) => column * 4),
        1,
        4,
      ),
    ]).toEqual([0, 1, 3, 4]);
    const image = grey(3, 5, (row, column) => row + column);
    expect([...resample(image, 3, 5)]).toEqual([...image.values]);
  });
});

describe('letterbox', () => {
  const cases = [
    { rows: 2140, columns: 1760, pixelAspect: 1 },
    { rows: 331, columns: 331, pixelAspect: 1 },
    { rows: 100, columns: 4000, pixelAspect: 1 },
    { rows: 500, columns: 1000, pixelAspect: 2 },
    { rows: 33, columns: 77, pixelAspect: 0.9 },
  ];

  it.each(cases)('keeps proportions and brings boxes back exactly: $rows × $columns, aspect $pixelAspect', (image) => {
    const letterbox = letterboxOf(image, { rows: 512, columns: 384 });
    const { content, offset, input } = letterbox;
    expect(content.rows + offset.row).toBeLessThanOrEqual(input.rows);
    expect(content.columns + offset.column).toBeLessThanOrEqual(input.columns);
    expect(content.rows === input.rows || content.columns === input.columns, 'it fills one axis').toBe(true);
    const ratio = content.rows / content.columns / ((image.rows * image.pixelAspect) / image.columns);
    expect(Math.abs(Math.log(ratio))).toBeLessThan(0.1);
    const box: Box = [3, 5, image.columns - 7, image.rows - 2];
    toImage(letterbox, toInput(letterbox, box)).forEach((value, index) => {
      expect(value).toBeCloseTo(box[index] ?? 0, 6);
    });
  });

  it('clips boxes to the image', () => {
    const letterbox = letterboxOf({ rows: 100, columns: 200, pixelAspect: 1 }, { rows: 64, columns: 64 });
    expect(letterbox.offset).toEqual({ row: 16, column: 0 });
    expect(toImage(letterbox, [-5, 0, 70, 64])).toEqual([0, 0, 200, 100]);
  });

  it('fills the input with bone bright, whatever is stored', () => {
    const letterbox = letterboxOf({ rows: 2, columns: 4, pixelAspect: 1 }, { rows: 4, columns: 4 });
    const stored = grey(2, 4, (_, column) => column * 100);
    const window = { low: 100, high: 200 };
    const plain = fillInput(stored, letterbox, window, { inverted: false, padding: 0.5 });
    const inverted = fillInput(stored, letterbox, window, { inverted: true, padding: 0.5 });
    expect([...plain]).toEqual([0.5, 0.5, 0.5, 0.5, 0, 0, 1, 1, 0, 0, 1, 1, 0.5, 0.5, 0.5, 0.5]);
    expect([...inverted].slice(4, 8)).toEqual([1, 1, 0, 0]);
  });
});

describe('boxes', () => {
  it('measures overlap', () => {
    expect(iou([0, 0, 10, 10], [0, 0, 10, 10])).toBe(1);
    expect(iou([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3);
    expect(iou([0, 0, 10, 10], [10, 0, 20, 10])).toBe(0);
    expect(iou([5, 5, 5, 5], [5, 5, 5, 5])).toBe(0);
  });

  it('clips a box that lies outside to nothing', () => {
    expect(clip([-10, -10, -1, -1], { rows: 5, columns: 5 })).toEqual([0, 0, 0, 0]);
  });

  it('keeps the best of boxes that overlap', () => {
    const candidates = [
      { box: [0, 0, 10, 10] as Box, score: 0.8 },
      { box: [1, 0, 11, 10] as Box, score: 0.9 },
      { box: [50, 0, 60, 10] as Box, score: 0.4 },
    ];
    expect(suppress(candidates, 0.5).map(({ score }) => score)).toEqual([0.9, 0.4]);
  });
});

describe('previewOf', () => {
  it('shrinks to the longest side and shows the window in 8 bits', () => {
    const preview = previewOf(
      grey(100, 200, (_, column) => column * 10),
      { low: 500, high: 1500 },
      {
        inverted: false,
        maximum: 4095,
        longestSide: 20,
      },
    );
    expect([preview.rows, preview.columns]).toEqual([10, 20]);
    expect(preview.grey16[0]).toBe(45);
    expect([preview.grey8[0], preview.grey8[19]]).toEqual([0, 255]);
  });

  it('turns an inverted image over, its window with it', () => {
    const settings = { inverted: true, maximum: 4095, longestSide: 100 };
    const preview = previewOf(
      grey(1, 2, (_, column) => (column === 0 ? 0 : 4095)),
      { low: 0, high: 4095 },
      settings,
    );
    expect([...preview.grey16]).toEqual([4095, 0]);
    expect([...preview.grey8]).toEqual([255, 0]);
    expect(preview.window).toEqual({ low: 0, high: 4095 });
  });

  it('never enlarges', () => {
    const preview = previewOf(
      grey(3, 4, () => 1),
      { low: 0, high: 1 },
      { inverted: false, maximum: 255, longestSide: 999 },
    );
    expect([preview.rows, preview.columns]).toEqual([3, 4]);
  });
});
