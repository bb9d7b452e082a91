import { describe, expect, it } from 'vitest';
import type { SideTags } from '../../schemas/radiograph.ts';
import type { Box } from '../../schemas/result.ts';
import { sidesOf } from './side.ts';

const image = { rows: 800, columns: 1000 };
const atLeft: Box = [100, 300, 300, 500];
const atRight: Box = [700, 300, 900, 500];
const inMiddle: Box = [400, 300, 600, 500];
const both = [atLeft, atRight];

function tags(given: Partial<SideTags>): SideTags {
  return { PatientOrientation: null, ImageLaterality: null, Laterality: null, ViewPosition: null, ...given };
}

/** `right/stated left/stated`, or `-/assumed` where there is no side. */
function told(given: Partial<SideTags>, boxes: readonly Box[]) {
  const { sides, review, notes } = sidesOf(tags(given), boxes, image);
  return { sides: sides.map(({ side, sideSource }) => `${side ?? '-'}/${sideSource}`).join(' '), review, notes };
}

const AP = ['L', 'F'];
const MIRRORED = ['R', 'F'];

describe('sidesOf', () => {
  describe('both hips', () => {
    it.each<[string, Partial<SideTags>, string]>([
      ['PatientOrientation L\\F', { PatientOrientation: AP }, 'right/stated left/stated'],
      [
        'PatientOrientation L\\F, ViewPosition AP',
        { PatientOrientation: AP, ViewPosition: 'AP' },
        'right/stated left/stated',
      ],
      ['an oblique orientation LP\\F', { PatientOrientation: ['LP', 'F'] }, 'right/stated left/stated'],
      ['a rotated head-down image L\\H', { PatientOrientation: ['L', 'H'] }, 'right/stated left/stated'],
      ['PatientOrientation R\\F: mirrored', { PatientOrientation: MIRRORED }, 'left/stated right/stated'],
      ['R\\F and ViewPosition PA', { PatientOrientation: MIRRORED, ViewPosition: 'PA' }, 'left/stated right/stated'],
      [
        'R\\F and ViewPosition AP: orientation goes first',
        { PatientOrientation: MIRRORED, ViewPosition: 'AP' },
        'left/stated right/stated',
      ],
      [
        'ImageLaterality B and orientation',
        { PatientOrientation: AP, ImageLaterality: 'B' },
        'right/stated left/stated',
      ],
      ['Laterality U, which says nothing', { Laterality: 'U' }, 'right/assumed left/assumed'],
      ['nothing at all', {}, 'right/assumed left/assumed'],
      ['ViewPosition AP alone', { ViewPosition: 'AP' }, 'right/assumed left/assumed'],
      ['an empty orientation', { PatientOrientation: ['', ''] }, 'right/assumed left/assumed'],
      ['lower case and blanks', { PatientOrientation: [' r ', 'f'] }, 'left/stated right/stated'],
    ])('%s', (_, given, expected) => {
      const { sides, review } = told(given, both);
      expect(sides).toBe(expected);
      expect(review).toEqual([]);
    });

    it('has them in the order of the boxes, whatever that is', () => {
      expect(told({ PatientOrientation: AP }, [atRight, atLeft]).sides).toBe('left/stated right/stated');
    });

    it('reads sides down the image where that is the patient’s left-right axis', () => {
      const top: Box = [400, 50, 600, 250];
      const bottom: Box = [400, 550, 600, 750];
      expect(told({ PatientOrientation: ['F', 'L'] }, [top, bottom]).sides).toBe('right/stated left/stated');
      expect(told({ PatientOrientation: ['F', 'R'] }, [top, bottom]).sides).toBe('left/stated right/stated');
    });

    it('says that a mirrored image is mirrored', () => {
      expect(told({ PatientOrientation: MIRRORED }, both).notes.join()).toContain('stored mirrored');
    });

    it('mirrors for ViewPosition PA alone, but sends it to review', () => {
      const { sides, review } = told({ ViewPosition: 'PA' }, both);
      expect(sides).toBe('left/assumed right/assumed');
      expect(review).toEqual(['The sides are taken from ViewPosition PA alone; PatientOrientation is missing.']);
    });

    it('knows no side on a side view, and sends it to review', () => {
      for (const given of [{ PatientOrientation: ['A', 'F'] }, { ViewPosition: 'LL' }]) {
        const { sides, review } = told(given, both);
        expect(sides).toBe('-/assumed -/assumed');
        expect(review).toEqual(['It is a side view, and nothing says of which side.']);
      }
    });

    it('knows no side of two things one above the other', () => {
      const { sides, review } = told({ PatientOrientation: AP }, [inMiddle, [410, 10, 610, 210]]);
      expect(sides).toBe('-/assumed -/assumed');
      expect(review.join()).toContain('one above the other');
    });

    it('sends three to review', () => {
      const { sides, review } = told({ PatientOrientation: AP }, [atLeft, [120, 10, 320, 210], atRight]);
      expect(sides).toBe('right/stated right/stated left/stated');
      expect(review).toEqual(['3 hips were found on the image; a person has two.']);
    });
  });

  describe('one hip', () => {
    it.each<[string, Partial<SideTags>, Box, string]>([
      ['ImageLaterality R', { ImageLaterality: 'R' }, inMiddle, 'right/stated'],
      ['ImageLaterality L', { ImageLaterality: 'L' }, inMiddle, 'left/stated'],
      ['Laterality L', { Laterality: 'L' }, inMiddle, 'left/stated'],
      ['both lateralities agreeing', { ImageLaterality: 'L', Laterality: 'L' }, inMiddle, 'left/stated'],
      [
        'laterality and orientation, in the middle',
        { ImageLaterality: 'L', PatientOrientation: AP },
        inMiddle,
        'left/stated',
      ],
      [
        'laterality and orientation, in its half',
        { ImageLaterality: 'L', PatientOrientation: AP },
        atRight,
        'left/stated',
      ],
      [
        'laterality on a mirrored image, in its half',
        { ImageLaterality: 'L', PatientOrientation: MIRRORED },
        atLeft,
        'left/stated',
      ],
      ['laterality on a side view', { Laterality: 'R', PatientOrientation: ['A', 'F'] }, inMiddle, 'right/stated'],
      ['laterality in the other half of an assumed hanging', { ImageLaterality: 'L' }, atLeft, 'left/stated'],
      ['nothing, in the left half', {}, atLeft, 'right/assumed'],
      ['orientation alone, in the right half', { PatientOrientation: AP }, atRight, 'left/assumed'],
      [
        'an image of both sides, in the right half',
        { ImageLaterality: 'B', PatientOrientation: AP },
        atRight,
        'left/stated',
      ],
      ['an image of both sides without orientation', { ImageLaterality: 'B' }, atRight, 'left/assumed'],
      ['mirrored, in the right half', { PatientOrientation: MIRRORED }, atRight, 'right/assumed'],
    ])('%s', (_, given, box, expected) => {
      const { sides, review } = told(given, [box]);
      expect(sides).toBe(expected);
      expect(review).toEqual([]);
    });

    it('knows no side in the middle without laterality, and sends it to review', () => {
      for (const given of [{}, { PatientOrientation: AP }]) {
        const { sides, review } = told(given, [inMiddle]);
        expect(sides).toBe('-/assumed');
        expect(review).toEqual(['One was found in the middle of the image, and nothing says of which side it is.']);
      }
    });
  });

  describe('contradictions', () => {
    it.each<[string, Partial<SideTags>, readonly Box[], RegExp]>([
      ['ImageLaterality L, two hips', { ImageLaterality: 'L' }, both, /show the left side only, but 2 hips were found/],
      ['Laterality R, two hips', { Laterality: 'R', PatientOrientation: AP }, both, /show the right side only/],
      [
        'ImageLaterality and Laterality differ',
        { ImageLaterality: 'L', Laterality: 'R' },
        [inMiddle],
        /ImageLaterality says left, Laterality says right/,
      ],
      [
        'ImageLaterality B, Laterality R',
        { ImageLaterality: 'B', Laterality: 'R' },
        both,
        /says both sides, Laterality says right/,
      ],
      [
        'laterality and the half of a stated orientation',
        { Laterality: 'L', PatientOrientation: AP },
        [atLeft],
        /show the left side, but by PatientOrientation .* lies on the right/,
      ],
      [
        'PA with the orientation of AP',
        { PatientOrientation: AP, ViewPosition: 'PA' },
        both,
        /ViewPosition says PA, but PatientOrientation is that of an AP image/,
      ],
    ])('%s', (_, given, boxes, message) => {
      const { sides, review } = told(given, boxes);
      expect(sides).toBe(boxes.map(() => '-/contradictory').join(' '));
      expect(review.join()).toMatch(message);
    });
  });

  it('says nothing where nothing was found', () => {
    expect(told({ ImageLaterality: 'L', Laterality: 'R' }, [])).toEqual({ sides: '', review: [], notes: [] });
  });
});
