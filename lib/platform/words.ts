import type { Result } from '../../schemas/result.ts';
import type { StructureVolume } from '../../schemas/volume.ts';

/** How results are put into words, on pages and in the terminal: each thing in one way. */

/** Said where neither header nor place tells which side a hip is on. */
export const SIDE_UNKNOWN = 'side unknown';

/** Said of a run that has ended well and left no result. */
export const NOTHING_PUBLISHED = 'nothing was published';

/** A score from 0 to 1 as a whole percentage; what is not quite certain is never rounded to 100 %. */
export function percent(score: number): string {
  const rounded = Math.round(score * 100);
  if (rounded === 100 && score < 1) return '> 99 %';
  if (rounded === 0 && score > 0) return '< 1 %';
  return `${rounded} %`;
}

/** What the model calls a hip, in words. */
export function className(name: string): string {
  return name.replaceAll('-', ' ');
}

/** A volume in mL: two decimals below 1 mL, one below 100 mL. What is not nothing is never rounded to 0 mL. */
export function millilitres(volumeMl: number): string {
  if (volumeMl === 0) return '0 mL';
  if (volumeMl < 0.005) return '< 0.01 mL';
  const decimals = volumeMl < 0.995 ? 2 : volumeMl < 99.95 ? 1 : 0;
  return `${volumeMl.toFixed(decimals)} mL`;
}

/** A structure's volume, and whether it is the whole: a part that lies outside the images is not measured. */
export function volumeWords({ volumeMl, complete }: Pick<StructureVolume, 'volumeMl' | 'complete'>): string {
  return complete ? millilitres(volumeMl) : `at least ${millilitres(volumeMl)} (incomplete)`;
}

/** Share of a structure in all that was measured, from 0 to 1; null where there is but one structure, or nothing. */
export function shareOfTotal(
  structure: Pick<StructureVolume, 'volumeMl'>,
  all: readonly Pick<StructureVolume, 'volumeMl'>[],
): number | null {
  const total = all.reduce((sum, { volumeMl }) => sum + volumeMl, 0);
  return all.length < 2 || total === 0 ? null : structure.volumeMl / total;
}

/** What a result says of one thing. */
export interface Finding {
  /** A side of the patient, or a structure. */
  readonly of: string;
  readonly found: string;
  /** Class of a hip; null for a volume. */
  readonly class: string | null;
}

/** Said where a detection found nothing to classify; that is not "no fracture". */
export const NO_HIP_FOUND = 'no hip found';

/** A result in parts of a line; none where no hip was found. */
export function findings(result: Result): Finding[] {
  if (result.kind === 'segmentation') {
    return result.structures.map((structure) => ({ of: structure.title, found: volumeWords(structure), class: null }));
  }
  return result.summary.sides.map(({ side, class: name, confidence }) => ({
    of: side ?? SIDE_UNKNOWN,
    found: `${className(name)} ${percent(confidence)}`,
    class: name,
  }));
}
