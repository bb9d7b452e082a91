import { sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { Alarm } from '../../lib/platform/alarm.ts';
import type { Logger } from '../../lib/platform/log.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { looksAt } from '../blinded/copies.ts';
import type { Parts } from '../parts.ts';
import { allocateExams } from './allocate.ts';
import { assignReaders } from './assign.ts';
import { changesOf, settle } from './kept.ts';

/** What giving exams out to arms and readers works with. */
export type Giving = Pick<Parts, 'database' | 'archive' | 'launchKey' | 'now' | 'evaluations' | 'pipelines'>;

/** By database and evaluation: what there was when everything had been given out. */
const SEEN = new WeakMap<Database, Map<string, string>>();

/**
 * Gives exams that are ready to the arms of an evaluation, and then to its readers, and brings what lists are made of up to
 * date. Nothing happens where nothing has changed, and of what has changed only that is looked at; all exams are gone through
 * only when others may read than when they last were.
 */
export async function giveOut(
  parts: Giving,
  evaluation: Evaluation,
  isStopping: () => boolean = () => false,
): Promise<void> {
  const { database } = parts;
  const { name, reading } = evaluation;
  const seen = SEEN.get(database) ?? new Map<string, string>();
  SEEN.set(database, seen);
  const state = await stateOf(database, evaluation);
  if (seen.get(name) !== state && (await giveTo(parts, evaluation)) === 'all') seen.set(name, state);
  if (reading.mode === 'blinded') return;
  while (!isStopping()) {
    const changes = await changesOf(database, evaluation);
    if (changes.ids.length === 0) return;
    await giveTo(parts, evaluation, changes.studies);
    await settle(database, evaluation, changes);
  }
}

/**
 * Gives out behind the scenes, at the start and when woken, so that whoever looks next does not wait for it: of a hundred
 * thousand exams of an evaluation that is declared otherwise it takes minutes.
 */
export function followLists(parts: Giving, log: Pick<Logger, 'error'>): Pick<Alarm, 'wake' | 'stop'> {
  let isStopping = false;
  const work = async () => {
    for (const evaluation of parts.evaluations.values()) await giveOut(parts, evaluation, () => isStopping);
    return undefined;
  };
  const alarm = new Alarm(work, (err) => log.error({ err }, 'exams are given out at the next look'));
  alarm.wake();
  return {
    wake: (withinMs) => alarm.wake(withinMs),
    stop: () => {
      isStopping = true;
      return alarm.stop();
    },
  };
}

/** The same for one exam, of which no list is shown. */
export async function giveOutExam(parts: Giving, evaluation: Evaluation, study: string): Promise<void> {
  await giveTo(parts, evaluation, [study]);
}

async function giveTo(parts: Giving, evaluation: Evaluation, among?: readonly string[]): Promise<'all' | 'more'> {
  const allocated = await allocateExams(parts, evaluation, among);
  const assigned = await assignReaders(parts, evaluation, among);
  return allocated === 'all' && assigned === 'all' ? 'all' : 'more';
}

/**
 * What decides, besides the exams themselves, what can be given out to whom, in a line: who reads, and of blinded reads,
 * whose exams tell of no changes, these too.
 */
async function stateOf({ db }: Database, evaluation: Evaluation): Promise<string> {
  const { name, version, pipeline, reading } = evaluation;
  const copies = sql`(select count(*) from web.blinded_copy where evaluation = ${name}),
    (select count(*) from (${looksAt(evaluation)} and a.actor in (select account from web.role_grant where evaluation = ${name})) looks),
    (select count(*) from web.trend_entry where pipeline = ${pipeline}),`;
  const [row] = await db.execute<{ state: string }>(sql`select concat_ws(' ',
    ${reading.mode === 'blinded' ? copies : sql``}
    (select md5(string_agg(concat_ws(' ', account, role, evaluation), ',' order by account, role, evaluation)) from web.role_grant),
    (select md5(string_agg(name, ',' order by name)) from web.account where disabled_at is null)) as state`);
  return `${row?.state} ${version} ${JSON.stringify(reading)}`;
}
