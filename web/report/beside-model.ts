import { confusionMatrix } from '../../lib/statistics/confusion.ts';
import type { Evaluation, Question, Stage } from '../../schemas/evaluation.ts';
import type { ConfusionView, InfluenceView } from '../../schemas/report.ts';
import { HipClass } from '../../schemas/result.ts';
import type { Counted } from './counted.ts';
import { rowsAt } from './links.ts';

/** Readers' answers beside the model's: of questions about hips whose options are the model's classes. */

/** What the model says of a hip where it found none. */
export const NOT_FOUND = 'not found';

const STAGES: readonly Stage[] = ['quality', 'unaided', 'aided', 'adjudication'];

function answeredByModel({ questions }: Evaluation): Extract<Question, { kind: 'choice' }>[] {
  return questions
    .filter((question) => question.kind === 'choice')
    .filter(({ per, options }) => per === 'hip' && options.some(({ value }) => HipClass.safeParse(value).success));
}

/** A part of a query, `found(exam, subject, class)`: what the model said of exams that somebody has answered about. */
const foundBy = ({ sql }: Counted) => sql`found as (
  select exam, side->>'side' as subject, side->>'class' as class
  from counted_run join web.run on run.id = counted_run.id
  cross join jsonb_array_elements(view->'result'->'summary'->'sides') side
  where exists (select from counted_entry where counted_entry.exam = counted_run.exam)
)`;

interface Cell {
  readonly question: string;
  readonly stage: Stage;
  readonly reader: string;
  readonly value: string;
  readonly model: string | null;
  readonly cases: number;
}

/** How often each reader said what where the model said what, by stage. */
export async function readConfusion(counted: Counted, evaluation: Evaluation): Promise<ConfusionView[]> {
  const questions = answeredByModel(evaluation);
  if (questions.length === 0) return [];
  const cells = await counted.sql<Cell[]>`${counted.with}, ${foundBy(counted)}
    select question, stage, author as reader, value, class as model, count(*)::int as cases
    from answer left join found using (exam, subject)
    where question = any(${questions.map(({ name }) => name)})
    group by question, stage, author, value, class`;
  return questions.flatMap(({ name: question, options }) =>
    STAGES.flatMap((stage) => {
      const own = cells.filter((cell) => cell.question === question && cell.stage === stage);
      const readers = [...new Set(own.map(({ reader }) => reader))].sort();
      return readers.map((reader): ConfusionView => {
        const pairs = own
          .filter((cell) => cell.reader === reader)
          .map(({ value, model, cases }) => ({ first: value, second: model ?? NOT_FOUND, cases }));
        const { categories, table } = confusionMatrix(
          pairs,
          options.map(({ value }) => value),
        );
        return {
          question,
          stage,
          reader,
          categories: [...categories],
          table: table.map((row) => [...row]),
          rows: rowsAt(evaluation, 'export', { counted: 'yes', question, stage, reader }),
        };
      });
    }),
  );
}

interface InfluenceRow {
  readonly question: string;
  readonly reader: string;
  readonly cases: number;
  readonly unchanged: number;
  readonly towards: number;
  readonly away: number;
  readonly corrected: number;
  readonly spoiled: number;
}

/** What readers changed when they saw the model, by reader: only what the model, too, said something of. */
export async function readInfluence(counted: Counted, evaluation: Evaluation): Promise<InfluenceView[]> {
  const names = answeredByModel(evaluation).map(({ name }) => name);
  if (names.length === 0) return [];
  const { sql } = counted;
  const { positive, negative } = evaluation.reference ?? { positive: [], negative: [] };
  const sign = (column: string) =>
    sql`case when ${sql(column)} = any(${positive}) then 1 when ${sql(column)} = any(${negative}) then -1 else 0 end`;
  const rows = await sql<InfluenceRow[]>`${counted.with}, ${foundBy(counted)},
    both_times as (
      select question, author as reader, exam, subject, max(value) filter (where stage = 'unaided') as before,
        max(value) filter (where stage = 'aided') as after
      from answer where question = any(${names}) and stage in ('unaided', 'aided')
      group by question, author, exam, subject having count(*) = 2
    ),
    judged as (
      select question, reader, before, after, class, case when question = ${evaluation.reference?.question ?? ''} then value end as truth
      from both_times join found using (exam, subject) left join reference using (exam, subject)
    )
    select question, reader, count(*)::int as cases, count(*) filter (where before = after)::int as unchanged,
      count(*) filter (where before <> after and after = class)::int as towards,
      count(*) filter (where before <> after and before = class)::int as away,
      count(*) filter (where ${sign('truth')} <> 0 and ${sign('before')} <> ${sign('truth')} and ${sign('after')} = ${sign('truth')})::int as corrected,
      count(*) filter (where ${sign('truth')} <> 0 and ${sign('before')} = ${sign('truth')} and ${sign('after')} <> ${sign('truth')})::int as spoiled
    from judged group by question, reader order by question, reader`;
  return rows.map(({ corrected, spoiled, ...row }) => {
    const isReference = row.question === evaluation.reference?.question;
    return {
      ...row,
      otherwise: row.cases - row.unchanged - row.towards - row.away,
      corrected: isReference ? corrected : null,
      spoiled: isReference ? spoiled : null,
      rows: rowsAt(evaluation, 'export', { counted: 'yes', question: row.question, reader: row.reader }),
    };
  });
}
