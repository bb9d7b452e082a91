import { SIDE_UNKNOWN } from '../../lib/platform/words.ts';
import type { Hip } from '../../schemas/result.ts';

/** Names of an image's hips for people: the patient's side, counted where one side was found twice. */
export function hipNames(hips: readonly Hip[]): string[] {
  return hips.map(({ side }, index) => {
    const same = hips.filter((other) => other.side === side);
    const number = hips.slice(0, index + 1).filter((other) => other.side === side).length;
    const name = side === null ? `Hip, ${SIDE_UNKNOWN}` : side === 'left' ? 'Left hip' : 'Right hip';
    return same.length === 1 ? name : `${name} (${number})`;
  });
}
