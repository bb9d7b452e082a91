import type { Database } from '../../lib/database/connection.ts';
import { IMPORT_PIPELINE } from '../../lib/runs/import.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';

/** The source of what the pipeline itself made. */
export const MODEL = 'model';

/** An exam of which some segmentations are there, and no copies yet. */
export interface WaitingExam {
  readonly StudyInstanceUID: string;
  /** Source → run: of each source the newest. */
  readonly runs: ReadonlyMap<string, string>;
  /** Sources of which there is none, in the order of the evaluation. */
  readonly missing: readonly string[];
  /** When the first of them was there. */
  readonly since: Date;
  /** When it is read with those that are there; null: it waits for all. */
  readonly readAt: Date | null;
}

/** Exams that are looked at, at once. */
const MOST = 500;

const DAY_MS = 24 * 3600_000;

/** The segmentations that an evaluation has judged. */
export const sourcesOf = ({ reading }: Evaluation): readonly string[] => reading.sources ?? [];

/**
 * Exams of an evaluation of which somebody brought a segmentation in, and that no reader was given yet, the longest waiting
 * first. Exams that somebody has withdrawn, replays, and what readers edited do not count.
 */
export async function waitingExams({ sql }: Pick<Database, 'sql'>, evaluation: Evaluation): Promise<WaitingExam[]> {
  const { name, pipeline, reading } = evaluation;
  const sources = sourcesOf(evaluation);
  const rows = await sql<{ study: string; runs: Record<string, string>; since: Date }[]>`
    with withdrawn as (
      select study_instance_uid as study from (
        select distinct on (study_instance_uid) study_instance_uid, kind from web.trend_entry
        where pipeline = ${pipeline} and kind in ('withdrawn', 'restored')
        order by study_instance_uid, created_at desc, id desc
      ) said where kind = 'withdrawn'
    ),
    brought as (
      select id, study_instance_uid as study, view->'imported'->>'source' as source, created_at from web.run
      where pipeline = ${IMPORT_PIPELINE} and readable and view->'imported'->>'pipeline' = ${pipeline}
        and view->'imported'->>'edits' is null and view->'imported'->>'source' <> ${MODEL}
    ),
    own as (
      select id, study_instance_uid as study, ${MODEL} as source, created_at from web.run
      where pipeline = ${pipeline} and readable and study_instance_uid in (select study from brought)
        and not exists (select from web.run later where later.amends = run.id)
    ),
    newest as (
      select distinct on (study, source) study, source, id, created_at
      from (select * from own union all select * from brought) made
      where source = any(${[...sources]})
        and study not in (select study from withdrawn)
        and not exists (select from web.blinded_copy c where c.evaluation = ${name} and c.study_instance_uid = made.study)
      order by study, source, created_at desc, id desc
    )
    select study, jsonb_object_agg(source, id) as runs, min(created_at) as since from newest
    group by study order by min(created_at), study limit ${MOST}`;
  const days = reading.readAfterDays;
  return rows.map(({ study, runs, since }) => ({
    StudyInstanceUID: study,
    runs: new Map(Object.entries(runs)),
    missing: sources.filter((source) => runs[source] === undefined),
    since,
    readAt: days === undefined ? null : new Date(since.getTime() + days * DAY_MS),
  }));
}

/** Whether an exam can be given to readers now. */
export function isReady({ runs, missing, readAt }: WaitingExam, now: Date): boolean {
  if (runs.size < 2) return false;
  return missing.length === 0 || (readAt !== null && readAt <= now);
}
