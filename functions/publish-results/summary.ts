import type { Hip, HipImage, HipSummary, Side } from '../../schemas/result.ts';

/** How the exam's summary follows from its images. Shown with every result. */
export const RULE =
  'For each side: fracture if any image shows one, with the highest score; else hardware if any image shows it, with the highest score; else no fracture, with the lowest score. Hips whose side is not known are summarised apart.';

/** Classes in the order in which they decide; those the rule does not know come after, by score. */
const DECIDING = ['fracture', 'hardware', 'no-fracture'];

interface Seen extends Hip {
  readonly image: string;
}

/** The exam in one line for each side. @param review sentences of the images, to which the summary adds its own */
export function summarise(images: readonly HipImage[], review: readonly string[]): HipSummary {
  const seen: Seen[] = images.flatMap(({ sopInstanceUid, hips }) =>
    hips.map((hip) => ({ ...hip, image: sopInstanceUid })),
  );
  const sides = ([null, 'right', 'left'] as const)
    .map((side) => ({ side, hips: seen.filter((hip) => hip.side === side) }))
    .filter(({ hips }) => hips.length > 0)
    .map(({ side, hips }) => sideSummary(side, hips))
    .sort((a, b) => Number(a.side === null) - Number(b.side === null));
  const disagreements = sides
    .filter(({ disagreement }) => disagreement)
    .map(({ side, images: shown }) =>
      shown > 1
        ? `The images do not agree on the ${side} hip.`
        : `Of the ${side} hip more than one box was found on one image, and they do not agree.`,
    );
  const nothing = seen.length === 0 ? ['No hip was found on any image.'] : [];
  return { rule: RULE, sides, qualityReview: [...new Set([...review, ...disagreements, ...nothing])] };
}

function sideSummary(side: Side | null, hips: readonly Seen[]): HipSummary['sides'][number] {
  const classes = new Set(hips.map((hip) => hip.class));
  const decided = DECIDING.find((name) => classes.has(name)) ?? [...classes][0] ?? '';
  const scores = hips.filter((hip) => hip.class === decided).map(({ confidence }) => confidence);
  return {
    side,
    class: decided,
    confidence: decided === 'no-fracture' ? Math.min(...scores) : Math.max(...scores),
    // Hips of unknown side may be two different ones, which need not agree.
    disagreement: side !== null && classes.size > 1,
    images: new Set(hips.map(({ image }) => image)).size,
  };
}
