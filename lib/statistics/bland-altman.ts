import { t95 } from './distributions.ts';
import { cannot, type Estimate, type Statistic, sum, Z_95 } from './statistic.ts';

/** The same measured twice: first, second. */
export type Pair = readonly [number, number];

/** How far two ways of measuring the same are apart. */
export interface BlandAltman {
  readonly pairs: number;
  /** Mean of second − first. */
  readonly bias: Estimate;
  /** Standard deviation of the differences. */
  readonly deviation: number;
  /** Between these two lie 95 % of the differences, if they are normal. */
  readonly lowerLimit: Estimate;
  readonly upperLimit: Estimate;
}

/**
 * Bias and limits of agreement with their intervals (Bland & Altman, Statistical Methods in Medical Research 8, 1999,
 * section 2): a limit's standard error is s·√(1/n + z²/(2(n−1))); intervals by Student's t with n − 1 degrees of freedom.
 *
 * @param pairs [first, second] of each case; cases are taken as independent
 */
export function blandAltman(pairs: readonly Pair[]): Statistic<BlandAltman> {
  const count = pairs.length;
  if (count < 2) return cannot(count === 0 ? 'there is no pair' : 'there is but one pair');
  const differences = pairs.map(([first, second]) => second - first);
  const bias = sum(differences) / count;
  const deviation = Math.sqrt(sum(differences.map((one) => (one - bias) ** 2)) / (count - 1));
  const t = t95(count - 1);
  const within = (value: number, standardError: number): Estimate => {
    return { value, low: value - t * standardError, high: value + t * standardError };
  };
  const ofLimit = deviation * Math.sqrt(1 / count + Z_95 ** 2 / (2 * (count - 1)));
  return {
    pairs: count,
    bias: within(bias, deviation / Math.sqrt(count)),
    deviation,
    lowerLimit: within(bias - Z_95 * deviation, ofLimit),
    upperLimit: within(bias + Z_95 * deviation, ofLimit),
  };
}

/** Fewer patients than these leave nothing to compare when one is left out. */
const FEWEST_PATIENTS = 3;

/**
 * The same where pairs come in clusters, such as the exams of a patient, and what is measured differs from pair to pair.
 * The variance of a difference is the sum of its parts between and within patients, by a one-way analysis of variance for
 * groups of unequal size (Bland & Altman, Journal of Biopharmaceutical Statistics 17, 2007, section 3). The bias is the mean
 * of all differences, its interval by the cluster-robust variance; the intervals of the limits are by the jackknife over
 * patients (Efron & Stein, Annals of Statistics 9, 1981); all by Student's t with one degree less than there are patients.
 * Where each patient has one pair it is `blandAltman`.
 *
 * @param patients pairs of each patient; one without pairs counts for nothing
 */
export function blandAltmanByPatient(patients: readonly (readonly Pair[])[]): Statistic<BlandAltman> {
  const clusters = patients
    .map((pairs) => pairs.map(([first, second]) => second - first))
    .filter((differences) => differences.length > 0);
  const pairs = sum(clusters.map(({ length }) => length));
  if (clusters.length === pairs) return blandAltman(patients.flat());
  if (clusters.length < 2) return cannot('all pairs are of one patient');
  if (clusters.length < FEWEST_PATIENTS) return cannot('the pairs are of two patients only');
  const { bias, deviation } = spreadBetween(clusters);
  const count = clusters.length;
  const t = t95(count - 1);
  const within = (value: number, standardError: number): Estimate => {
    return { value, low: value - t * standardError, high: value + t * standardError };
  };
  const residuals = clusters.map((differences) => sum(differences.map((one) => one - bias)) ** 2);
  const without = clusters.map((_, left) => spreadBetween(clusters.filter((_one, index) => index !== left)));
  const limit = (sign: 1 | -1): Estimate => {
    const others = without.map((one) => one.bias + sign * Z_95 * one.deviation);
    const mean = sum(others) / count;
    const variance = ((count - 1) / count) * sum(others.map((other) => (other - mean) ** 2));
    return within(bias + sign * Z_95 * deviation, Math.sqrt(variance));
  };
  return {
    pairs,
    bias: within(bias, Math.sqrt((count / (count - 1)) * sum(residuals)) / pairs),
    deviation,
    lowerLimit: limit(-1),
    upperLimit: limit(1),
  };
}

/** Mean of all differences, and the standard deviation of one: from patient to patient and within them. */
function spreadBetween(clusters: readonly (readonly number[])[]): { bias: number; deviation: number } {
  const pairs = sum(clusters.map(({ length }) => length));
  const bias = sum(clusters.flat()) / pairs;
  const means = clusters.map((differences) => sum(differences) / differences.length);
  const squaresBetween = sum(clusters.map(({ length }, index) => length * ((means[index] ?? 0) - bias) ** 2));
  const squaresWithin = sum(
    clusters.flatMap((differences, index) => differences.map((one) => (one - (means[index] ?? 0)) ** 2)),
  );
  const between = squaresBetween / (clusters.length - 1);
  if (pairs === clusters.length) return { bias, deviation: Math.sqrt(between) };
  const within = squaresWithin / (pairs - clusters.length);
  const size = (pairs - sum(clusters.map(({ length }) => length ** 2)) / pairs) / (clusters.length - 1);
  return { bias, deviation: Math.sqrt(Math.max(0, (between - within) / size) + within) };
}
