import { sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { looksAt } from '../blinded/copies.ts';
import type { Parts } from '../parts.ts';
import { allocateExams } from './allocate.ts';
import { assignReaders } from './assign.ts';

/** What giving exams out works with. */
export type Giving = Pick<Parts, 'database' | 'archive' | 'launchKey' | 'now' | 'evaluations' | 'pipelines'>;

/** By database and evaluation: what there was when everything had been given out. */
const SEEN = new WeakMap<Database, Map<string, string>>();

/**
 * Gives exams that are ready to the arms of an evaluation, and then to its readers. Nothing happens where all are given:
 * all exams are gone through only when there is something else than when they last were.
 *
 * @param study only this exam
 */
export async function giveOut(parts: Giving, evaluation: Evaluation, study?: string): Promise<void> {
  const { arms, readersPerCase } = evaluation.reading;
  if (arms === undefined && readersPerCase === 'all') return;
  const seen = SEEN.get(parts.database) ?? new Map<string, string>();
  SEEN.set(parts.database, seen);
  const state = study === undefined ? await stateOf(parts.database, evaluation) : undefined;
  if (state !== undefined && seen.get(evaluation.name) === state) return;
  const allocated = await allocateExams(parts, evaluation, study);
  const assigned = await assignReaders(parts, evaluation, study);
  if (state !== undefined && allocated === 'all' && assigned === 'all') seen.set(evaluation.name, state);
}

/** Everything on which it depends what can be given out to whom, in a line: exams, what was said of them, and who reads. */
async function stateOf({ db }: Database, evaluation: Evaluation): Promise<string> {
  const { name, version, pipeline, reading } = evaluation;
  const copies = sql`(select count(*) from web.blinded_copy where evaluation = ${name}),
    (select count(*) from (${looksAt(evaluation)} and a.actor in (select account from web.role_grant where evaluation = ${name})) looks),`;
  const [row] = await db.execute<{ state: string }>(sql`select concat_ws(' ',
    ${reading.mode === 'blinded' ? copies : sql``}
    (select count(*) from web.run where pipeline = ${pipeline} and readable),
    (select count(*) from web.feedback where evaluation = ${name} and stage = 'quality'),
    (select count(*) from web.trend_entry where pipeline = ${pipeline}),
    (select md5(string_agg(concat_ws(' ', account, role, evaluation), ',' order by account, role, evaluation)) from web.role_grant),
    (select md5(string_agg(name, ',' order by name)) from web.account where disabled_at is null)) as state`);
  return `${row?.state} ${version} ${JSON.stringify(reading)}`;
}
