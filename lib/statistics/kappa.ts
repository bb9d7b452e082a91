import { t95 } from './distributions.ts';
import { cannot, type Estimate, normalInterval, type Statistic, sum } from './statistic.ts';

/**
 * How much an answer counts that is not the same: nothing (`none`, for categories without an order), less with each step
 * between them (`linear`), or with the square of the steps (`quadratic`).
 */
export type KappaWeights = 'none' | 'linear' | 'quadratic';

/**
 * Cohen's kappa: agreement of two readers beyond chance (Cohen 1960, weighted 1968), with the interval of the asymptotic
 * standard error (Fleiss, Cohen & Everitt, Psychological Bulletin 72, 1969).
 *
 * @param table counts: first reader's answer down, second reader's across, the same categories in the same order; with
 *   weights they are evenly spaced
 * @throws {RangeError} the table is not square
 */
export function cohensKappa(
  table: readonly (readonly number[])[],
  weights: KappaWeights = 'none',
): Statistic<Estimate> {
  const size = table.length;
  if (table.some((row) => row.length !== size)) throw new RangeError('Cohen’s kappa needs a square table.');
  const cases = sum(table.map(sum));
  if (cases === 0) return cannot('no case was answered by both');
  const share = table.map((row) => row.map((count) => count / cases));
  const rows = share.map(sum);
  const columns = share.map((_, column) => sum(share.map((row) => row[column] ?? 0)));
  const weight = weightsOf(size, weights);
  const observed = weightedSum(share, weight);
  const expected = weightedSum(
    rows.map((row) => columns.map((column) => row * column)),
    weight,
  );
  if (1 - expected < 1e-12)
    return cannot('both gave one and the same answer every time: chance alone would agree as well');
  const kappa = (observed - expected) / (1 - expected);
  const ofRow = weight.map((row) => sum(row.map((one, column) => one * (columns[column] ?? 0))));
  const ofColumn = weight.map((_, column) => sum(weight.map((row, index) => (row[column] ?? 0) * (rows[index] ?? 0))));
  const spread = weightedSum(
    share,
    weight.map((row, i) => row.map((one, j) => (one - ((ofRow[i] ?? 0) + (ofColumn[j] ?? 0)) * (1 - kappa)) ** 2)),
  );
  const variance = (spread - (kappa - expected * (1 - kappa)) ** 2) / (cases * (1 - expected) ** 2);
  return normalInterval(kappa, Math.sqrt(Math.max(0, variance)));
}

/** 1 for the same answer, down to 0 for the two ends of the scale. */
function weightsOf(size: number, weights: KappaWeights): number[][] {
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => {
      if (i === j) return 1;
      if (weights === 'none') return 0;
      const steps = Math.abs(i - j) / (size - 1);
      return 1 - (weights === 'linear' ? steps : steps ** 2);
    }),
  );
}

function weightedSum(table: readonly (readonly number[])[], weight: readonly (readonly number[])[]): number {
  return sum(table.map((row, i) => sum(row.map((value, j) => value * (weight[i]?.[j] ?? 0)))));
}

/** Cases that were answered alike: how many readers gave each category. */
export interface RatingCounts {
  /** By category. */
  readonly readers: readonly number[];
  /** How many cases have these counts; a whole number, 1 or more. */
  readonly cases: number;
}

/**
 * Fleiss' kappa: agreement of several readers, not always the same ones (Fleiss 1971), with the interval of Gwet's
 * variance over the cases (British Journal of Mathematical and Statistical Psychology 61, 2008) by Student's t. A case with one answer
 * tells how often a category is used, and nothing of agreement; where all have as many readers, it is Fleiss' own.
 */
export function fleissKappa(counts: readonly RatingCounts[]): Statistic<Estimate> {
  const answered = counts.filter(({ readers }) => sum(readers) > 0);
  const all = sum(answered.map(({ cases }) => cases));
  const paired = answered.filter(({ readers }) => sum(readers) > 1);
  const several = sum(paired.map(({ cases }) => cases));
  if (several === 0) return cannot('no case was answered by two readers');
  if (all < 2) return cannot('there is but one case');
  const categories = Math.max(...answered.map(({ readers }) => readers.length));
  const used = Array.from({ length: categories }, (_, at) =>
    sum(answered.map(({ readers, cases }) => (cases * (readers[at] ?? 0)) / sum(readers))),
  ).map((total) => total / all);
  const expected = sum(used.map((share) => share ** 2));
  if (1 - expected < 1e-12) return cannot('every answer is the same: chance alone would agree as well');
  const agreement = ({ readers }: RatingCounts) => {
    const number = sum(readers);
    return number < 2 ? 0 : sum(readers.map((one) => one * (one - 1))) / (number * (number - 1));
  };
  const observed = sum(paired.map((one) => one.cases * agreement(one))) / several;
  const kappa = (observed - expected) / (1 - expected);
  const squares = answered.map((one) => {
    const number = sum(one.readers);
    const own = number < 2 ? 0 : (all / several) * ((agreement(one) - expected) / (1 - expected));
    const chance = sum(one.readers.map((count, at) => (count / number) * (used[at] ?? 0)));
    const linear = own - (2 * (1 - kappa) * (chance - expected)) / (1 - expected);
    return one.cases * (linear - kappa) ** 2;
  });
  const half = t95(all - 1) * Math.sqrt(sum(squares) / (all * (all - 1)));
  return { value: kappa, low: kappa - half, high: kappa + half };
}
