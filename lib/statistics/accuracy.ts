import { cannot, type Estimate, type Statistic, sum, Z_95 } from './statistic.ts';

/** Of one cluster (a patient with several hips or exams): `hits` of `cases` came out as asked. */
export interface ClusterCounts {
  readonly hits: number;
  readonly cases: number;
}

/** A proportion with two 95 % intervals: one that takes every case as independent, and one that keeps patients together. */
export interface Proportion {
  readonly hits: number;
  readonly cases: number;
  readonly wilson: Statistic<Estimate>;
  readonly clustered: Statistic<Estimate>;
}

/** What a test said of the cases of one patient against the reference standard. */
export interface PatientTable {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** Accuracy of a test against a reference standard. */
export interface Accuracy {
  readonly patients: number;
  readonly table: PatientTable;
  readonly sensitivity: Proportion;
  readonly specificity: Proportion;
  /** Predictive values hold for the prevalence of these cases, not of any other hospital. */
  readonly positivePredictiveValue: Proportion;
  readonly negativePredictiveValue: Proportion;
}

/** @param patients one table for each patient */
export function accuracy(patients: readonly PatientTable[]): Accuracy {
  const proportion = (hits: (table: PatientTable) => number, misses: (table: PatientTable) => number) =>
    proportionOf(patients.map((table) => ({ hits: hits(table), cases: hits(table) + misses(table) })));
  const total = (of: keyof PatientTable) => sum(patients.map((table) => table[of]));
  return {
    patients: patients.length,
    table: {
      truePositive: total('truePositive'),
      falsePositive: total('falsePositive'),
      falseNegative: total('falseNegative'),
      trueNegative: total('trueNegative'),
    },
    sensitivity: proportion(
      ({ truePositive }) => truePositive,
      ({ falseNegative }) => falseNegative,
    ),
    specificity: proportion(
      ({ trueNegative }) => trueNegative,
      ({ falsePositive }) => falsePositive,
    ),
    positivePredictiveValue: proportion(
      ({ truePositive }) => truePositive,
      ({ falsePositive }) => falsePositive,
    ),
    negativePredictiveValue: proportion(
      ({ trueNegative }) => trueNegative,
      ({ falseNegative }) => falseNegative,
    ),
  };
}

/** @param clusters one entry a patient; those without a case count for nothing */
function proportionOf(clusters: readonly ClusterCounts[]): Proportion {
  const hits = sum(clusters.map((cluster) => cluster.hits));
  const cases = sum(clusters.map((cluster) => cluster.cases));
  return { hits, cases, wilson: wilsonInterval(hits, cases), clustered: clusteredInterval(clusters) };
}

/** Wilson's score interval (Journal of the American Statistical Association 22, 1927). @param cases need not be whole */
export function wilsonInterval(hits: number, cases: number): Statistic<Estimate> {
  if (cases <= 0) return cannot('there is no such case');
  const value = hits / cases;
  const square = Z_95 ** 2 / cases;
  const middle = (value + square / 2) / (1 + square);
  const half = (Z_95 * Math.sqrt((value * (1 - value)) / cases + square / (4 * cases))) / (1 + square);
  return { value, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * The interval of a proportion of cases that come in clusters, such as both hips of a patient: the variance is that of a
 * ratio estimator between clusters (Rao & Scott, Biometrics 48, 1992; for sensitivity and specificity Genders et al.,
 * Radiology 265, 2012), m/(m−1) · Σ(xᵢ − p·nᵢ)² / n², which is also the cluster-robust variance of a mean. It tells how
 * many independent cases these are worth, at most as many as there are; Wilson's interval is taken for that number.
 * Where all cases came out alike there is no variance to go by: then each patient counts as one case.
 *
 * @param clusters one entry a patient; those without a case count for nothing
 */
export function clusteredInterval(clusters: readonly ClusterCounts[]): Statistic<Estimate> {
  const counted = clusters.filter(({ cases }) => cases > 0);
  const hits = sum(counted.map((cluster) => cluster.hits));
  const cases = sum(counted.map((cluster) => cluster.cases));
  if (cases === 0) return cannot('there is no such case');
  if (counted.length === 1) return cannot('all cases are of one patient');
  const value = hits / cases;
  const squares = sum(counted.map((cluster) => (cluster.hits - value * cluster.cases) ** 2));
  const variance = (counted.length / (counted.length - 1)) * (squares / cases ** 2);
  const worth = value === 0 || value === 1 ? counted.length : (value * (1 - value)) / variance;
  const effective = Math.min(cases, worth);
  return wilsonInterval(value * effective, effective);
}
