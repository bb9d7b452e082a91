import { z } from 'zod';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { type Column, csvLine, headerLine, rowLines } from '../csv.ts';
import type { Parts } from '../parts.ts';
import { ANSWER_COLUMNS, AnswerFilter, answerRows } from './answers.ts';
import { reportedOn, withArms } from './arms.ts';
import { CASE_COLUMNS, CaseFilter, caseRows } from './cases.ts';
import { countedOnce } from './counted.ts';
import type { Sources } from './exams.ts';
import { REFERENCE_COLUMNS, ReferenceFilter, referenceRows } from './reference.ts';
import { VOLUME_COLUMNS, VolumeFilter, volumeRows } from './volumes.ts';

/** Tables of rows, which can be narrowed down. */
export const RowTableName = z.enum(['export', 'cases', 'reference', 'volumes']);
export type RowTable = z.infer<typeof RowTableName>;

/** All tables as files. */
export const TableFile = z.enum(['export.csv', 'cases.csv', 'reference.csv', 'volumes.csv', 'dictionary.csv']);

const COLUMNS: Readonly<Record<RowTable, readonly { readonly name: string; readonly description: string }[]>> = {
  export: ANSWER_COLUMNS,
  cases: CASE_COLUMNS,
  reference: REFERENCE_COLUMNS,
  volumes: VOLUME_COLUMNS,
};

/** What may stand in the query of each table. */
export const FILTERS = {
  export: AnswerFilter,
  cases: CaseFilter,
  reference: ReferenceFilter,
  volumes: VolumeFilter,
} satisfies Record<RowTable, z.ZodObject>;

/** What each table holds a row of. */
const ROWS: Readonly<Record<RowTable, string>> = {
  export: 'one row per reader, exam, stage and question, every version of it',
  cases: 'one row per exam, by its newest run',
  reference: 'one row per thing that has a reference standard',
  volumes: 'one row per structure that a person segmented or edited',
};

/** The table as CSV, in parts that can be sent as they are read. */
export async function* csvOf(
  from: Sources & Pick<Parts, 'database'>,
  declared: Evaluation,
  table: RowTable,
  query: Record<string, unknown>,
): AsyncGenerator<string> {
  const evaluation = reportedOn(declared, z.object({ arm: z.string().optional() }).parse(query).arm);
  const counted = countedOnce(from.database, evaluation);
  const sources = withArms(from, evaluation);
  switch (table) {
    case 'export':
      return yield* linesOf(ANSWER_COLUMNS, answerRows(sources, counted, evaluation, AnswerFilter.parse(query)));
    case 'cases':
      return yield* linesOf(CASE_COLUMNS, caseRows(sources, counted, evaluation, CaseFilter.parse(query)));
    case 'reference':
      return yield* linesOf(
        REFERENCE_COLUMNS,
        referenceRows(sources, counted, evaluation, ReferenceFilter.parse(query)),
      );
    case 'volumes':
      return yield* linesOf(VOLUME_COLUMNS, volumeRows(sources, counted, evaluation, VolumeFilter.parse(query)));
  }
}

async function* linesOf<Row>(columns: readonly Column<Row>[], batches: AsyncIterable<readonly Row[]>) {
  yield headerLine(columns);
  for await (const rows of batches) yield rowLines(columns, rows);
}

/** What the columns of every table mean, as CSV. */
export function dictionaryOf(evaluation: Evaluation): string {
  const lines = Object.entries(COLUMNS).flatMap(([table, columns]) =>
    columns.map(({ name, description }) => [`${table}.csv`, name, description]),
  );
  const tables = Object.entries(ROWS).map(([table, rows]) => [`${table}.csv`, '', `The table: ${rows}.`]);
  const answers = evaluation.questions.flatMap((question) => {
    const about = `${question.label}${question.help === '' ? '' : ` (${question.help})`}`;
    const asked = ['export.csv', `value of ${question.name}`, `${about}, per ${question.per}; ${kindWords(question)}.`];
    const options = 'options' in question ? question.options : [];
    return [asked, ...options.map(({ value, label }) => ['export.csv', `value of ${question.name}: ${value}`, label])];
  });
  return [['table', 'column', 'meaning'], ...tables, ...lines, ...answers].map(csvLine).join('');
}

function kindWords(question: Evaluation['questions'][number]): string {
  switch (question.kind) {
    case 'choice':
      return 'one of the options';
    case 'choices':
      return 'one or more of the options, with blanks between';
    case 'number':
      return `a number from ${question.from} to ${question.to}, ${question.unit}`;
    case 'rating':
      return `a whole number from ${question.from} (${question.fromLabel}) to ${question.to} (${question.toLabel})`;
    case 'text':
      return 'a text';
  }
}
