import { intraclassCorrelation } from '../../lib/statistics/icc.ts';
import { cohensKappa, fleissKappa } from '../../lib/statistics/kappa.ts';
import type { Question } from '../../schemas/evaluation.ts';
import type { PairAgreement, QuestionAgreement } from '../../schemas/report.ts';

/** Things that were answered about alike: who said what, and how many they are. */
export interface Pattern {
  /** Reader → value. */
  readonly values: Readonly<Record<string, string>>;
  readonly cases: number;
}

/** What a question's answers are compared as: in an order, by steps, or neither. */
function orderOf(question: Question): readonly string[] | undefined {
  if (question.kind !== 'rating') return undefined;
  return Array.from({ length: question.to - question.from + 1 }, (_, step) => String(question.from + step));
}

/** The answers there may be, in the order of the form; then those of which the form knows nothing. */
function categoriesOf(question: Question, patterns: readonly Pattern[]): string[] {
  const named = orderOf(question) ?? (question.kind === 'choice' ? question.options.map(({ value }) => value) : []);
  const given = new Set(patterns.flatMap(({ values }) => Object.values(values)));
  for (const value of named) given.delete(value);
  return [...named, ...[...given].sort()];
}

/** Agreement between the readers of a question. @param rowsOf address of the rows of these readers, or of all */
export function agreementOf(
  question: Question,
  patterns: readonly Pattern[],
  rowsOf: (readers: readonly string[]) => string,
): Omit<QuestionAgreement, 'stage'> {
  const readers = [...new Set(patterns.flatMap(({ values }) => Object.keys(values)))].sort();
  const categories = categoriesOf(question, patterns);
  const isNumber = question.kind === 'rating' || question.kind === 'number';
  return {
    question: question.name,
    label: question.label,
    readers,
    cases: patterns.reduce((total, { cases }) => total + cases, 0),
    fleissKappa: question.kind === 'number' ? NOT_FOR_NUMBERS : fleissKappa(countsOf(patterns, categories)),
    icc: isNumber ? correlationOf(readers, patterns) : null,
    pairs: (question.kind === 'number' ? [] : pairsOf(readers)).map((pair) => ({
      ...pairAgreement(question, pair, patterns, categories),
      rows: rowsOf(pair),
    })),
    rows: rowsOf([]),
  };
}

/** Two numbers are hardly ever the same, however close they are. */
const NOT_FOR_NUMBERS = { because: 'numbers are compared by the ICC' };

function countsOf(patterns: readonly Pattern[], categories: readonly string[]) {
  return patterns.map(({ values, cases }) => {
    const given = Object.values(values);
    return { readers: categories.map((category) => given.filter((value) => value === category).length), cases };
  });
}

function correlationOf(readers: readonly string[], patterns: readonly Pattern[]): QuestionAgreement['icc'] {
  const complete = patterns.filter(({ values }) => readers.every((reader) => values[reader] !== undefined));
  return intraclassCorrelation(
    complete.map(({ values, cases }) => ({ values: readers.map((reader) => Number(values[reader])), cases })),
  );
}

const pairsOf = (readers: readonly string[]): [string, string][] =>
  readers.flatMap((first, index) => readers.slice(index + 1).map((second): [string, string] => [first, second]));

function pairAgreement(
  question: Question,
  [first, second]: [string, string],
  patterns: readonly Pattern[],
  categories: readonly string[],
): Omit<PairAgreement, 'rows'> {
  const place = new Map(categories.map((category, index) => [category, index]));
  const table = categories.map(() => categories.map(() => 0));
  let [cases, alike] = [0, 0];
  for (const { values, cases: number } of patterns) {
    const row = table[place.get(values[first] ?? '') ?? -1];
    const column = place.get(values[second] ?? '');
    if (row === undefined || column === undefined) continue;
    row[column] = (row[column] ?? 0) + number;
    cases += number;
    if (values[first] === values[second]) alike += number;
  }
  const isOrdered = orderOf(question) !== undefined;
  return {
    readers: [first, second],
    cases,
    alike,
    kappa: cohensKappa(table),
    linearKappa: isOrdered ? cohensKappa(table, 'linear') : null,
    quadraticKappa: isOrdered ? cohensKappa(table, 'quadratic') : null,
  };
}
