import { fQuantile } from './distributions.ts';
import { cannot, type Estimate, type Statistic, sum } from './statistic.ts';

/** Intraclass correlation of single ratings. */
export interface IntraclassCorrelation {
  readonly cases: number;
  readonly readers: number;
  /** ICC(2,1): absolute agreement, the readers being a sample of all readers. */
  readonly agreement: Estimate;
  /** ICC(3,1): consistency among these readers; who rates one point higher each time is consistent. */
  readonly consistency: Estimate;
}

/** Cases with the same ratings. */
export interface Ratings {
  /** One of each reader, in the same order in every case. */
  readonly values: readonly number[];
  readonly cases: number;
}

/**
 * ICC(2,1) and ICC(3,1) of Shrout & Fleiss (Psychological Bulletin 86, 1979), ICC(A,1) and ICC(C,1) of McGraw & Wong
 * (Psychological Methods 1, 1996), from a two-way analysis of variance with one rating for each case and reader.
 *
 * @param ratings only of cases that every reader rated
 * @throws {RangeError} the cases have not all as many ratings
 */
export function intraclassCorrelation(ratings: readonly Ratings[]): Statistic<IntraclassCorrelation> {
  const readers = ratings[0]?.values.length ?? 0;
  if (ratings.some(({ values }) => values.length !== readers)) throw new RangeError('A rating is missing.');
  const cases = sum(ratings.map((one) => one.cases));
  if (readers < 2) return cannot('it needs two readers or more');
  if (cases < 2) return cannot('fewer than two cases were rated by every reader');
  const { between, ofReaders, residual } = meanSquares(ratings, cases, readers);
  if (between === 0 && ofReaders === 0 && residual === 0) return cannot('every rating is the same');
  if (between === 0 && residual === 0) return cannot('each reader gave the same rating every time');
  return {
    cases,
    readers,
    agreement: agreementOf({ between, ofReaders, residual }, cases, readers),
    consistency: consistencyOf({ between, residual }, cases, readers),
  };
}

interface MeanSquares {
  readonly between: number;
  readonly ofReaders: number;
  readonly residual: number;
}

function meanSquares(ratings: readonly Ratings[], cases: number, readers: number): MeanSquares {
  const mean = sum(ratings.map((one) => one.cases * sum(one.values))) / (cases * readers);
  const total = sum(ratings.map((one) => one.cases * sum(one.values.map((value) => (value - mean) ** 2))));
  const rows = readers * sum(ratings.map((one) => one.cases * (sum(one.values) / readers - mean) ** 2));
  const columns = Array.from({ length: readers }, (_, reader) => {
    const own = sum(ratings.map((one) => one.cases * (one.values[reader] ?? 0))) / cases;
    return cases * (own - mean) ** 2;
  });
  // What rounding leaves of nothing is nothing.
  const square = (value: number) => (value < 1e-12 * total ? 0 : value);
  return {
    between: square(rows) / (cases - 1),
    ofReaders: square(sum(columns)) / (readers - 1),
    residual: square(total - rows - sum(columns)) / ((cases - 1) * (readers - 1)),
  };
}

/** McGraw & Wong's table 7, case 2A; all multiplied by the residual mean square, which may be 0. */
function agreementOf({ between, ofReaders, residual }: MeanSquares, n: number, k: number): Estimate {
  if (ofReaders === 0 && residual === 0) return { value: 1, low: 1, high: 1 };
  const value = (between - residual) / (between + (k - 1) * residual + (k * (ofReaders - residual)) / n);
  const rest = n * (1 + (k - 1) * value) - k * value;
  const degrees =
    ((k - 1) * (n - 1) * (k * value * ofReaders + rest * residual) ** 2) /
    ((n - 1) * (k * value * ofReaders) ** 2 + (rest * residual) ** 2);
  const noise = k * ofReaders + (k * n - k - n) * residual;
  const upper = fQuantile(0.975, n - 1, degrees);
  const lower = fQuantile(0.975, degrees, n - 1);
  return {
    value,
    low: (n * (between - upper * residual)) / (upper * noise + n * between),
    high: (n * (lower * between - residual)) / (noise + n * lower * between),
  };
}

function consistencyOf({ between, residual }: Omit<MeanSquares, 'ofReaders'>, n: number, k: number): Estimate {
  const degrees = (n - 1) * (k - 1);
  const low = between / fQuantile(0.975, n - 1, degrees);
  const high = between * fQuantile(0.975, degrees, n - 1);
  const correlation = (of: number) => (of - residual) / (of + (k - 1) * residual);
  return { value: correlation(between), low: correlation(low), high: correlation(high) };
}
