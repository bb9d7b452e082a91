import { expect, it } from 'vitest';
import { trendState } from '../../lib/runs/trend.ts';
import type { Trend } from '../../schemas/trend.ts';
import { changeText } from './page.ts';
import { axisMarks, plot } from './plot.ts';

const MAKER = { kind: 'model', name: 'brain-lesion', version: '1.0.0', sha256: 'a'.repeat(64) } as const;

/** Exams a year apart, the first the baseline. */
function trendOf(volumes: readonly number[]): Trend {
  const exams = volumes.map((_, index) => ({ studyInstanceUid: `1.2.${index}`, date: `${2000 + index}0301` }));
  return trendState({
    pipeline: 'brain-tumor-segmentation',
    rules: { structure: 'lesion', progression: 0.5, minimumBaselineMl: 1 },
    exams: exams.map((exam) => ({ ...exam, time: null, postOperative: false, status: 'succeeded' })),
    measurements: volumes.map((volumeMl, index) => ({
      run: String(index).padStart(64, '0'),
      studyInstanceUid: exams[index]?.studyInstanceUid ?? '',
      ...{ maker: MAKER, volumeMl, complete: true },
    })),
    entries: [],
  }).trend;
}

it.each(['page', 'card'] as const)(
  'keeps the name of the threshold clear of every point and curve, on a %s',
  async (size) => {
    // At the threshold, just below and above it, and as high as the axis goes.
    for (const last of [14.9, 15, 15.2, 15.9, 16, 20, 100]) {
      const text = String(await plot(trendOf([10, last, last]), size));
      const y = Number(/class="axis threshold-label"[^>]* y="([\d.]+)"/.exec(text)?.[1]);
      const below = y + 4;
      const tops = [...text.matchAll(/<circle[^>]* cy="([\d.]+)" r="([\d.]+)"/g)].map(
        ([, centre, radius]) => Number(centre) - Number(radius) - 1,
      );
      expect(tops).toHaveLength(3);
      expect(Math.min(...tops), `${last} mL`).toBeGreaterThan(below);
      expect(text).toContain('baseline + 50 %');
    }
  },
);

it.each([
  [0, [0, 1]],
  [0.9, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [10, [0, 2, 4, 6, 8, 10]],
  [151, [0, 50, 100, 150, 200]],
])('marks the axis up to %d mL with round numbers', (greatest, marks) => {
  expect(axisMarks(greatest)).toEqual(marks);
});

it.each([
  [0.4049, '+40 %'],
  [-0.25, '−25 %'],
  [0.001, '±0 %'],
])('writes a change of %d as %s', (change, text) => {
  expect(changeText(change)).toBe(text);
});
