import { outOfScope } from '../../lib/platform/problem.ts';
import type { SegmentationModelCard } from '../../schemas/model.ts';

/** What the model says of the whole exam, meaned over the windows: those that show more of the body count more. */
export class ScopeMean {
  #sums: number[];
  #weight = 0;
  readonly #classes: readonly string[];

  constructor(classes: readonly string[]) {
    this.#classes = classes;
    this.#sums = classes.map(() => 0);
  }

  /**
   * @param probabilities of one window, in the order of the classes
   * @param foreground which share of the window shows something, 0 to 1
   */
  add(probabilities: Float32Array, foreground: number): void {
    // An exam of nothing but background still has an answer: the mean of all windows alike.
    const weight = foreground + 1e-6;
    this.#sums = this.#sums.map((sum, index) => sum + weight * (probabilities[index] ?? Number.NaN));
    this.#weight += weight;
  }

  /** Class → probability, to three digits. */
  mean(): Record<string, number> {
    const of = (sum: number) => Math.round((1000 * sum) / this.#weight) / 1000;
    return Object.fromEntries(this.#classes.map((name, index) => [name, of(this.#sums[index] ?? Number.NaN)]));
  }
}

/** Refuses an exam that by its pixels is not what the model was made for. @throws {ProblemError} 422, out of scope */
export function requireInScope(
  { title, scope }: Pick<SegmentationModelCard, 'title' | 'scope'>,
  found: Readonly<Record<string, number>>,
): void {
  if (scope === null) return;
  const accepted = found[scope.accepts] ?? 0;
  if (accepted >= scope.threshold) return;
  const all = Object.entries(found).sort(([, a], [, b]) => b - a);
  const [likeliest] = all[0] ?? ['nothing'];
  const told = all.map(([name, probability]) => `${name} ${probability.toFixed(2)}`).join(', ');
  throw outOfScope(
    `By its pixels the exam is not what the model "${title}" was made for, ${scope.accepts}: it looks like ${likeliest} (${told}; ${scope.accepts} has to have at least ${scope.threshold.toFixed(2)}).`,
  );
}
