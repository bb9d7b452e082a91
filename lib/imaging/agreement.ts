import type { HipImage } from '../../schemas/result.ts';
import { iou } from './boxes.ts';

/**
 * Dice of one label of two label maps of equal size: twice the common voxels over the sum of both, 0..1; 1 where both are
 * empty.
 *
 * @param inSecondMap the label in the second map, where the two maps number it differently
 * @throws {RangeError} the maps differ in size
 */
export function diceOf(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  label: number,
  inSecondMap = label,
): number {
  if (first.length !== second.length) {
    throw new RangeError(
      `Label maps of equal size are compared; these have ${first.length} and ${second.length} voxels.`,
    );
  }
  let common = 0;
  let sum = 0;
  for (let at = 0; at < first.length; at++) {
    const inFirst = first[at] === label;
    const inSecond = second[at] === inSecondMap;
    if (inFirst) sum++;
    if (inSecond) sum++;
    if (inFirst && inSecond) common++;
  }
  return sum === 0 ? 1 : (2 * common) / sum;
}

/** How the boxes of two readings of one image agree. */
export interface BoxAgreement {
  readonly sopInstanceUid: string;
  /** The least overlap (intersection over union) of a pair; 0 where a box has no partner, 1 where neither has boxes. */
  readonly leastIou: number;
  /** Every box has a partner of the same class and side. */
  readonly sameClasses: boolean;
}

/** Pairs the boxes of two readings, image by image, each with the one it overlaps most. An image that only one read agrees in nothing. */
export function boxAgreement(first: readonly HipImage[], second: readonly HipImage[]): BoxAgreement[] {
  const uids = [...new Set([...first, ...second].map(({ sopInstanceUid }) => sopInstanceUid))];
  return uids.map((sopInstanceUid) => {
    const [one, other] = [first, second].map((images) =>
      images.find((image) => image.sopInstanceUid === sopInstanceUid),
    );
    if (one === undefined || other === undefined) return { sopInstanceUid, leastIou: 0, sameClasses: false };
    const unpaired = one.hips.length !== other.hips.length;
    const pairs = one.hips.map((hip) => {
      const [best] = [...other.hips].sort((a, b) => iou(hip.box, b.box) - iou(hip.box, a.box));
      const same = best?.class === hip.class && best.side === hip.side;
      return { overlap: best === undefined ? 0 : iou(hip.box, best.box), same };
    });
    return {
      sopInstanceUid,
      leastIou: unpaired ? 0 : Math.min(1, ...pairs.map(({ overlap }) => overlap)),
      sameClasses: !unpaired && pairs.every(({ same }) => same),
    };
  });
}
