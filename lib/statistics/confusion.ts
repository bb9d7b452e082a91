/** How two sides answered the same cases: how often each pair of answers came. */
export interface ConfusionMatrix {
  readonly categories: readonly string[];
  /** Counts: the first side's answer down, the second side's across. */
  readonly table: readonly (readonly number[])[];
}

/** Cases in which one side said `first` and the other `second`. */
export interface AnswerPair {
  readonly first: string;
  readonly second: string;
  readonly cases: number;
}

/**
 * The confusion matrix of pairs of answers.
 *
 * @param categories in the order to show them; an answer that is none of them is put behind, in the order of the alphabet
 */
export function confusionMatrix(pairs: readonly AnswerPair[], categories: readonly string[]): ConfusionMatrix {
  const others = new Set(pairs.flatMap(({ first, second }) => [first, second]));
  for (const category of categories) others.delete(category);
  const all = [...categories, ...[...others].sort()];
  const place = new Map(all.map((category, index) => [category, index]));
  const table = all.map(() => all.map(() => 0));
  for (const { first, second, cases } of pairs) {
    const row = table[place.get(first) ?? -1];
    const column = place.get(second) ?? -1;
    if (row !== undefined) row[column] = (row[column] ?? 0) + cases;
  }
  return { categories: all, table };
}
