import { t95 } from './distributions.ts';
import { cannot, type Estimate, type Statistic, sum, Z_95 } from './statistic.ts';

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
export function blandAltman(pairs: readonly (readonly [number, number])[]): Statistic<BlandAltman> {
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
