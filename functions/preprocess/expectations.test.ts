import { describe, expect, it } from 'vitest';
import { gridOf } from '../../lib/imaging/volume.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { Expectation, requireExpected } from './expectations.ts';

/** Half air, half soft tissue, one voxel in eight of that bone; 20 × 20 cm sections of 10 cm. */
const grid = gridOf([20, 20, 10], [10, 10, 10]);
const values = Int16Array.from({ length: 4000 }, (_, at) => (at % 2 === 0 ? -1000 : at % 16 === 1 ? 700 : 40));
const bone = { input: 'ct', measure: 'share', of: { from: -300 }, values: { from: 300 }, because: 'bone is rare.' };
const section = { input: 'ct', measure: 'sectionCm2', above: -300, because: 'trunks are larger.' };

function refusal(expectation: object, input = 'ct') {
  try {
    requireExpected(input, { grid, values }, [Expectation.parse(expectation)]);
    return null;
  } catch (error) {
    return error instanceof ProblemError ? error.problem : error;
  }
}

describe('requireExpected', () => {
  it.each([
    ['a share within its limits', { ...bone, atLeast: 0.12, atMost: 0.13 }],
    ['a section within its limits', { ...section, atLeast: 199, atMost: 201 }],
  ])('takes %s', (_, expectation) => expect(refusal(expectation)).toBeNull());

  it.each([
    [{ ...bone, atMost: 0.1 }, '12.5 % of the voxels of -300 or more are of 300 or more, but bone is rare.'],
    [{ ...bone, of: {}, values: { to: -800 }, atLeast: 0.6 }, '50.0 % of all voxels are below -800, but bone is rare.'],
    [{ ...section, atLeast: 280 }, 'its mean section is 200 cm², but trunks are larger.'],
  ])('refuses the others as out of scope, with what was found', (expectation, reason) => {
    expect(refusal(expectation)).toMatchObject({
      outOfScope: true,
      detail: `By its pixels the exam is another one: ${reason}`,
    });
  });

  it('asks nothing of other inputs', () => expect(refusal({ ...bone, atMost: 0 }, 'mr')).toBeNull());
});
