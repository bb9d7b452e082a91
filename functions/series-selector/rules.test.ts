import { describe, expect, it } from 'vitest';
import { apply, Rule } from './rules.ts';

const rule = (given: object) => Rule.parse({ tags: ['BodyPartExamined'], because: 'only hips are read.', ...given });
const hips = rule({ tags: ['BodyPartExamined', 'StudyDescription'], matches: 'pelvi|hip', absent: 'accept' });
const noCasts = rule({ tags: ['SeriesDescription', 'StudyDescription'], excludes: 'cast' });

describe('a rule', () => {
  it.each([
    [
      'accepts what matches, whatever the case',
      hips,
      { BodyPartExamined: ['Pelvis'] },
      true,
      'BodyPartExamined is "Pelvis", which fits.',
    ],
    [
      'accepts by a later tag',
      hips,
      { BodyPartExamined: ['EXTREMITY'], StudyDescription: ['XR HIP R'] },
      true,
      'StudyDescription is "XR HIP R", which fits.',
    ],
    [
      'refuses and says what was found',
      hips,
      { BodyPartExamined: ['CHEST'], StudyDescription: ['Thorax'] },
      false,
      'BodyPartExamined is "CHEST", StudyDescription is "Thorax": only hips are read.',
    ],
    [
      'lets the first tag be absent',
      hips,
      { StudyDescription: ['Trauma'] },
      true,
      'BodyPartExamined is absent, which is allowed.',
    ],
    [
      'refuses an absent tag by default',
      rule({ matches: 'hip' }),
      {},
      false,
      'BodyPartExamined is absent: only hips are read.',
    ],
    [
      'excludes',
      rule({ tags: ['ImageType'], excludes: 'LOCALIZER' }),
      { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] },
      false,
      'ImageType is "ORIGINAL\\PRIMARY\\LOCALIZER": only hips are read.',
    ],
    [
      'excludes what any one of several tags says',
      noCasts,
      { SeriesDescription: ['Hip ap'], StudyDescription: ['Hip in CAST'] },
      false,
      'StudyDescription is "Hip in CAST": only hips are read.',
    ],
    [
      'accepts where all of several tags are clean',
      noCasts,
      { SeriesDescription: ['Hip ap'], StudyDescription: ['Hip'] },
      true,
      'SeriesDescription is "Hip ap", which fits.',
    ],
    [
      'accepts where the tags that are there are clean',
      noCasts,
      { StudyDescription: ['Hip'] },
      true,
      'StudyDescription is "Hip", which fits.',
    ],
    [
      'excludes by a tag beside the one that matches',
      rule({ tags: ['BodyPartExamined', 'StudyDescription'], matches: 'hip', excludes: 'cast' }),
      { BodyPartExamined: ['HIP'], StudyDescription: ['After cast'] },
      false,
      'StudyDescription is "After cast": only hips are read.',
    ],
    [
      'excludes where the first tag is absent, even if it may be',
      rule({ tags: ['SeriesDescription', 'StudyDescription'], excludes: 'cast', absent: 'accept' }),
      { StudyDescription: ['Hip in cast'] },
      false,
      'StudyDescription is "Hip in cast": only hips are read.',
    ],
    [
      'takes a number in its range',
      rule({ tags: ['Rows'], atLeast: 128, atMost: 12000 }),
      { Rows: ['128'] },
      true,
      'Rows is 128, which fits.',
    ],
    [
      'refuses a number outside its range',
      rule({ tags: ['Rows'], atLeast: 128, atMost: 12000 }),
      { Rows: ['65535'] },
      false,
      'Rows is 65535: only hips are read.',
    ],
    [
      'refuses what is no number',
      rule({ tags: ['Rows'], atLeast: 1 }),
      { Rows: ['many'] },
      false,
      'Rows is "many": only hips are read.',
    ],
  ])('%s', (_, given, attributes, accepted, reason) => {
    expect(apply(given, attributes)).toEqual({ accepted, reason });
  });

  it('looks at no more than 64 characters of what a file says', () => {
    const long = { BodyPartExamined: [`${'x'.repeat(64)}HIP${'y'.repeat(10_000)}`] };
    const { accepted, reason } = apply(rule({ matches: 'hip' }), long);
    expect(accepted).toBe(false);
    expect(reason.length).toBeLessThan(120);
  });

  it('shows no control characters of a file', () => {
    const { reason } = apply(rule({ matches: 'hip' }), { BodyPartExamined: ['A\u001b[31m\nB'] });
    expect(reason).toBe('BodyPartExamined is "A [31m B": only hips are read.');
  });

  it.each([
    ['an expression that is none', { matches: '(' }, /no regular expression/],
    ['an expression that could run for ever', { matches: '(a+)+$' }, /repeats a repetition/],
    ['a tag that DICOM does not have', { tags: ['BodyPart'], matches: 'x' }, /a DICOM keyword such as/],
    ['a rule that asks nothing', {}, /a rule has `matches`/],
    ['a setting that does not exist', { matches: 'x', match: 'x' }, /match/],
  ])('refuses %s', (_, given, message) => {
    expect(() => rule(given)).toThrow(message);
  });
});
