import { expect, it } from 'vitest';
import { Tolerance } from '../../schemas/cohort.ts';
import type { Comparison } from './compare.ts';
import { judge } from './judge.ts';

const TOLERANCE = Tolerance.parse({});
const SAME: Comparison = {
  run: 'a'.repeat(64),
  replay: 'b'.repeat(64),
  status: { first: 'succeeded', second: 'succeeded' },
  outputs: [],
  volumes: [{ name: 'lesion', firstMl: 10, secondMl: 10.2, dice: 0.99 }],
  images: [{ sopInstanceUid: '1.2', leastIou: 0.95, sameClasses: true }],
  classes: { left: 'fracture' },
};

it('finds nothing where all is within the tolerances', () => {
  expect(judge(SAME, { expect: {} }, TOLERANCE)).toEqual([]);
});

it('holds the replay against the first run where the cohort says nothing', () => {
  const other: Comparison = {
    ...SAME,
    status: { first: 'succeeded', second: 'failed' },
    volumes: [{ name: 'lesion', firstMl: 10, secondMl: 11, dice: 0.9 }],
    images: [
      { sopInstanceUid: '1.2', leastIou: 0.5, sameClasses: true },
      { sopInstanceUid: '1.3', leastIou: 1, sameClasses: false },
    ],
  };
  expect(judge(other, { expect: {} }, TOLERANCE)).toEqual([
    'It ended failed; succeeded was expected.',
    'lesion is 11.00 mL; 10.00 ± 0.50 mL was expected.',
    'lesion has Dice 0.900 with the first run; at least 0.98 was expected.',
    'Image 1.2 has a box with overlap 0.500; at least 0.9 was expected.',
    'Image 1.3 has other classes or sides than in the first run.',
  ]);
});

it('holds it against the cohort where that says something', () => {
  const wants = {
    status: 'out-of-scope',
    volumesMl: { lesion: 20, cavity: 1 },
    classes: { left: 'hardware' },
  } as const;
  expect(judge(SAME, { expect: wants }, TOLERANCE)).toEqual([
    'It ended succeeded; out-of-scope was expected.',
    'There is no volume of cavity.',
    'lesion is 10.20 mL; 20.00 ± 1.00 mL was expected.',
    'The left hip is fracture; hardware was expected.',
  ]);
});

it('is not strict in percent about little', () => {
  const small = { ...SAME, volumes: [{ name: 'lesion', firstMl: 0.2, secondMl: 0.29, dice: 0.99 }] };
  expect(judge(small, { expect: {} }, TOLERANCE)).toEqual([]);
});
