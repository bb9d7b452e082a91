import { expect, it } from 'vitest';
import { changeText } from './page.ts';
import { axisMarks } from './plot.ts';

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
