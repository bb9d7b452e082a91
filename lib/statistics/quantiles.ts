import { cannot, type Statistic } from './statistic.ts';

/** How numbers are spread. */
export interface Spread {
  readonly count: number;
  readonly minimum: number;
  readonly firstQuartile: number;
  readonly median: number;
  readonly thirdQuartile: number;
  readonly maximum: number;
}

/** Quartiles and ends of numbers in any order. */
export function spreadOf(values: Iterable<number>): Statistic<Spread> {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return cannot('there is no value');
  return {
    count: sorted.length,
    minimum: quantile(sorted, 0),
    firstQuartile: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    thirdQuartile: quantile(sorted, 0.75),
    maximum: quantile(sorted, 1),
  };
}

/**
 * Quantile between neighbours on a line (type 7 of Hyndman & Fan 1996: what R, NumPy and spreadsheets take by default).
 *
 * @param sorted ascending, at least one number
 * @param share from 0 to 1
 * @throws {RangeError} there is no number, or `share` is none
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) {
    throw new RangeError('A quantile needs at least one number, and a share from 0 to 1.');
  }
  return below + (position - Math.floor(position)) * (above - below);
}
