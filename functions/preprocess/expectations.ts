import { z } from 'zod';
import { orientationOf, spacingOf, type Volume3D, voxelMl } from '../../lib/imaging/volume.ts';
import { outOfScope } from '../../lib/platform/problem.ts';
import { Slug } from '../../schemas/scalars.ts';

const Range = z.strictObject({ from: z.number().optional(), to: z.number().optional() });
type Range = z.infer<typeof Range>;

const base = {
  input: Slug,
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  /** The rule, for the sentence that ends the run. */
  because: z.string(),
};

/** What the pixels of an input must look like, whatever its header says. Values are those after rescale (HU for CT). */
export const Expectation = z.discriminatedUnion('measure', [
  /** Of the voxels whose values lie in `of`, the share (0 to 1) whose values lie in `values`; `from` ≤ value < `to`. */
  z.strictObject({ ...base, measure: z.literal('share'), values: Range, of: Range.default({}) }),
  /** Mean area in cm² of what is above a value, across the patient's long axis. */
  z.strictObject({ ...base, measure: z.literal('sectionCm2'), above: z.number() }),
]);
export type Expectation = z.infer<typeof Expectation>;

/** Refuses a volume that is not what the pipeline expects. @throws {ProblemError} out of scope: the rule, and what was found */
export function requireExpected(input: string, volume: Volume3D, expected: readonly Expectation[]): void {
  for (const one of expected.filter((candidate) => candidate.input === input)) {
    const found = one.measure === 'share' ? shareOf(volume, one.values, one.of) : sectionOf(volume, one.above);
    const isBelow = one.atLeast !== undefined && found < one.atLeast;
    const isAbove = one.atMost !== undefined && found > one.atMost;
    if (isBelow || isAbove)
      throw outOfScope(`By its pixels the exam is another one: ${say(one, found)}, but ${one.because}`);
  }
}

function shareOf({ values }: Volume3D, wanted: Range, of: Range): number {
  const [from, to] = limitsOf(wanted);
  const [low, high] = limitsOf(of);
  let [part, whole] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (value < low || value >= high) continue;
    whole++;
    if (value >= from && value < to) part++;
  }
  return whole === 0 ? 0 : part / whole;
}

function sectionOf({ grid, values }: Volume3D, above: number): number {
  let voxels = 0;
  for (let at = 0; at < values.length; at++) if ((values[at] ?? 0) > above) voxels++;
  const axis = Math.max(
    0,
    [...orientationOf(grid)].findIndex((letter) => 'SI'.includes(letter)),
  );
  const heightCm = ((grid.size[axis] ?? 1) * (spacingOf(grid)[axis] ?? 1)) / 10;
  return (voxels * voxelMl(grid)) / heightCm;
}

function limitsOf({ from, to }: Range): [number, number] {
  return [from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY];
}

function say(one: Expectation, found: number): string {
  if (one.measure === 'sectionCm2') return `its mean section is ${found.toFixed(0)} cm²`;
  const whole = one.of.from === undefined && one.of.to === undefined ? 'all voxels' : `the voxels ${range(one.of)}`;
  return `${(100 * found).toFixed(1)} % of ${whole} are ${range(one.values)}`;
}

function range({ from, to }: Range): string {
  if (from === undefined) return `below ${to}`;
  return to === undefined ? `of ${from} or more` : `of ${from} to ${to}`;
}
