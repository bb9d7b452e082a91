import { describe, expect, it } from 'vitest';
import type { Hip, HipImage, Side } from '../../schemas/result.ts';
import { summarise } from './summary.ts';

function hip(side: Side | null, name: string, confidence: number): Hip {
  return { side, sideSource: 'stated', box: [0, 0, 1, 1], class: name, confidence, scores: {} };
}

function image(number: number, ...hips: Hip[]): HipImage {
  const preview = { png: '', gray16: '', rows: 1, columns: 1 };
  const uids = { sopInstanceUid: `2.25.${number}`, seriesInstanceUid: '2.25.1' };
  return { ...uids, rows: 1, columns: 1, lossy: false, scope: 1, hips, notes: [], preview };
}

describe('summarise', () => {
  it('calls a side fractured if any image shows it, and shows that the images disagree', () => {
    const { sides, qualityReview } = summarise(
      [
        image(1, hip('right', 'no-fracture', 0.9), hip('left', 'no-fracture', 0.8)),
        image(2, hip('right', 'fracture', 0.6)),
      ],
      [],
    );
    expect(sides).toEqual([
      { side: 'right', class: 'fracture', confidence: 0.6, disagreement: true, images: 2 },
      { side: 'left', class: 'no-fracture', confidence: 0.8, disagreement: false, images: 1 },
    ]);
    expect(qualityReview).toEqual(['The images do not agree on the right hip.']);
  });

  it.each([
    ['the highest score of a fracture', ['fracture', 'fracture'], 'fracture', 0.9],
    ['the lowest score of no fracture', ['no-fracture', 'no-fracture'], 'no-fracture', 0.7],
    ['hardware before no fracture', ['no-fracture', 'hardware'], 'hardware', 0.9],
    ['fracture before hardware', ['fracture', 'hardware'], 'fracture', 0.7],
  ])('takes %s', (_, classes, expected, confidence) => {
    const images = classes.map((name, index) => image(index, hip('left', name, index === 0 ? 0.7 : 0.9)));
    expect(summarise(images, []).sides).toMatchObject([{ side: 'left', class: expected, confidence }]);
  });

  it('says that one image shows one hip twice and differently', () => {
    const { qualityReview } = summarise([image(1, hip('left', 'fracture', 0.9), hip('left', 'no-fracture', 0.8))], []);
    expect(qualityReview).toEqual(['Of the left hip more than one box was found on one image, and they do not agree.']);
  });

  it('summarises hips of unknown side apart, last, and does not call them at odds', () => {
    const { sides } = summarise(
      [image(1, hip(null, 'fracture', 0.9), hip(null, 'no-fracture', 0.8)), image(2, hip('left', 'hardware', 1))],
      [],
    );
    expect(sides.map(({ side, disagreement }) => [side, disagreement])).toEqual([
      ['left', false],
      [null, false],
    ]);
  });

  it('says that nothing was found, and every review once', () => {
    expect(summarise([image(1)], ['A', 'A']).qualityReview).toEqual(['A', 'No hip was found on any image.']);
  });
});
