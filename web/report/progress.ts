import type { Evaluation, Stage } from '../../schemas/evaluation.ts';
import type { EvaluationReport, ReaderProgress } from '../../schemas/report.ts';
import type { Counted } from './counted.ts';
import { rowsAt } from './links.ts';
import type { Pattern } from './patterns.ts';

interface ProgressRow {
  readonly reader: string;
  readonly assigned: number | null;
  readonly sent: Partial<Record<Stage, number>>;
  readonly drafts: number;
  readonly corrections: number;
  readonly agreed: number;
  readonly last: Date | null;
}

/** How far each reader is: whoever has answered, begun, or been given an exam. */
export async function readProgress(counted: Counted, evaluation: Evaluation): Promise<ReaderProgress[]> {
  const { name } = evaluation;
  const rows = await counted.sql<ProgressRow[]>`${counted.with},
    by_stage as (
      select author, stage, count(*)::int as sent, count(*) filter (where version > 1)::int as corrections,
        count(*) filter (where agreed_with_all)::int as agreed, max(created_at) as last
      from counted_entry group by author, stage
    ),
    sent as (
      select author as reader, jsonb_object_agg(stage, sent) as sent, sum(corrections)::int as corrections,
        sum(agreed)::int as agreed, max(last) as last from by_stage group by author
    ),
    begun as (
      select author as reader, count(*)::int as drafts from web.feedback_draft join web.run on run.id = feedback_draft.run
      where evaluation = ${name} and study_instance_uid in (select study_instance_uid from newest_run) group by author
    ),
    given as (
      select reader, count(*)::int as assigned from web.assignment join counted_run using (study_instance_uid)
      where evaluation = ${name} and released_at is null group by reader
    )
    select reader, assigned, coalesce(sent.sent, '{}') as sent, coalesce(drafts, 0) as drafts,
      coalesce(corrections, 0) as corrections, coalesce(agreed, 0) as agreed, last
    from sent full join begun using (reader) full join given using (reader)
    order by reader`;
  return rows.map(({ reader, assigned, sent, drafts, corrections, agreed, last }) => ({
    reader,
    assigned,
    sent,
    drafts,
    corrections,
    agreedWithAll: agreed,
    lastSentAt: last?.toISOString() ?? null,
    rows: rowsAt(evaluation, 'export', { counted: 'yes', reader }),
  }));
}

/** Entries that do not count because they were given to another version of the form. */
export async function readOtherVersions(
  { sql }: Counted,
  evaluation: Evaluation,
): Promise<EvaluationReport['otherVersions']> {
  const { name, version } = evaluation;
  const rows = await sql<{ version: string; entries: number }[]>`
    select evaluation_version as version, count(*)::int as entries from web.feedback
    where evaluation = ${name} and evaluation_version <> ${version} group by evaluation_version order by evaluation_version`;
  return rows.map((row) => ({ ...row, rows: rowsAt(evaluation, 'export', { version: row.version }) }));
}

/** Entries that do not count because they were given to a run that is not the newest of its exam any more. */
export async function countOfEarlierRuns(
  counted: Counted,
  evaluation: Evaluation,
): Promise<EvaluationReport['ofEarlierRuns']> {
  const [row] = await counted.sql<{ entries: number }[]>`${counted.with}
    select count(*)::int as entries from web.feedback join web.run on run.id = feedback.run
    where evaluation = ${evaluation.name} and evaluation_version = ${evaluation.version}
      and exists (select from newest_run where newest_run.study_instance_uid = run.study_instance_uid)
      and not exists (select from newest_run where newest_run.id = run.id)`;
  const rows = rowsAt(evaluation, 'export', { run: 'earlier', version: evaluation.version });
  return { entries: row?.entries ?? 0, rows };
}

/** What was answered alike by the same readers, by question and stage, of the questions that can be compared. */
export async function readPatterns(
  counted: Counted,
  evaluation: Evaluation,
): Promise<readonly (Pattern & { readonly question: string; readonly stage: Stage })[]> {
  const compared = evaluation.questions.filter(({ kind }) => kind !== 'text').map(({ name }) => name);
  return counted.sql<{ question: string; stage: Stage; values: Record<string, string>; cases: number }[]>`
    ${counted.with}
    select question, stage, values, count(*)::int as cases from (
      select question, stage, jsonb_object_agg(author, value) as values from answer
      where question = any(${compared}) group by exam, subject, question, stage
    ) one group by question, stage, values order by question, stage`;
}
