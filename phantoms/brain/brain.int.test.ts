import { describe, expect, it } from 'vitest';
import { gridOf } from '../volume.ts';
import { atlasOf } from './atlas.ts';
import { otherBody } from './bodies.ts';
import { contrasts } from './contrast.ts';
import { type Exam, type ExamWishes, examine } from './exam.ts';
import { courses, plannedExams } from './patient.ts';

const atlas = atlasOf('test');
const grid = gridOf({ size: [64, 76, 64], spacing: [3, 3, 3], centre: [0, 0, -8] });
const exam = (wishes: Partial<ExamWishes>): Exam =>
  examine(atlas, { contrast: 'FLAIR', grid, lesionMl: 15, seed: 'one', ...wishes });
const lesionMl = ({ truth }: Exam, voxelMl: number) => truth.values.filter((part) => part === 1).length * voxelMl;
const meanOf = ({ image, truth }: Exam, part: number) => {
  const values = image.values.filter((_, n) => truth.values[n] === part);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
};

describe('examine', () => {
  it.each([0, 4, 15, 30])('draws a lesion of %d mL', (wanted) => {
    const drawn = lesionMl(exam({ lesionMl: wanted }), 0.027);
    expect(Math.abs(drawn - wanted)).toBeLessThanOrEqual(0.1 * wanted);
  });

  it('draws the same lesion whatever the plane, order and spacing of the slices', () => {
    const other = gridOf({
      size: [90, 90, 48],
      spacing: [2.4, 2.4, 4],
      plane: 'sagittal',
      reversed: true,
      oblique: [5, 0, 9],
    });
    expect(lesionMl(exam({ grid: other }), 0.02304)).toBeCloseTo(15, 0);
  });

  it('gives the same voxels for the same seed, and others for another', () => {
    const [first, again, other] = ['one', 'one', 'two'].map((seed) => Buffer.from(exam({ seed }).image.values.buffer));
    expect(first?.equals(again ?? Buffer.alloc(0)), 'same seed').toBe(true);
    expect(first?.equals(other ?? Buffer.alloc(0)), 'other seed').toBe(false);
  });

  it('shows what is no lesion as bright as the lesion, or nearly', () => {
    const flair = exam({});
    expect(meanOf(flair, 2) / meanOf(flair, 1)).toBeGreaterThan(0.7);
  });

  it.each(contrasts)('images a head as %s', (contrast) => {
    const { image } = exam({ contrast });
    expect(new Set(image.values).size, 'grey levels').toBeGreaterThan(100);
  });
});

describe('otherBody', () => {
  it('shows something, and no two alike', () => {
    const [one, two] = ['a', 'b'].map((seed) => Buffer.from(otherBody(seed, grid).values.buffer));
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(false);
  });
});

describe('plannedExams', () => {
  it.each(courses)('plans six exams of a lesion that %s, one after the other', (course) => {
    const exams = plannedExams('test', course, 6);
    expect(exams.map(({ studyDate }) => studyDate)).toEqual(exams.map(({ studyDate }) => studyDate).toSorted());
    const volumes = exams.map((planned) => planned.lesionMl);
    if (course === 'stays') expect(new Set(volumes).size).toBe(1);
    else expect(volumes).toEqual(volumes.toSorted((a, b) => (course === 'grows' ? a - b : b - a)));
  });
});
