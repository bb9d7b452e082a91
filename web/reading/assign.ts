import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { assignment } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { listAccounts } from '../accounts/accounts.ts';
import { participantOf } from './case.ts';
import { currentRuns, passedQuality } from './list.ts';

/** Exams given to readers at once. */
const BATCH = 500;

/**
 * Gives exams that are ready to readers, each to as many as the evaluation asks for, in such a way that all have about as
 * many. Who gets which is no person's choice: among those with the fewest a digest of exam and reader decides. An exam
 * keeps its readers, also when its run is amended.
 *
 * @returns how many exams were given to somebody
 */
export async function assignReaders(database: Database, evaluation: Evaluation, now: Date): Promise<number> {
  const { readersPerCase } = evaluation.reading;
  if (readersPerCase === 'all') return 0;
  const readers = await readersOf(database, evaluation);
  if (readers.length === 0) return 0;
  return database.db.transaction(async (transaction) => {
    await transaction.execute(
      sql`select pg_advisory_xact_lock(hashtextextended(${`web.assign ${evaluation.name}`}, 0))`,
    );
    const counted = await transaction.execute<{ reader: string; cases: number }>(
      sql`select reader, count(*)::int as cases from web.assignment where evaluation = ${evaluation.name} group by reader`,
    );
    const load = new Map(readers.map((reader) => [reader, counted.find((row) => row.reader === reader)?.cases ?? 0]));
    const waiting = await transaction.execute<{ study_instance_uid: string }>(sql`${currentRuns(evaluation)}
      and ${passedQuality(evaluation)} and not exists (select 1 from web.assignment x
        where x.evaluation = ${evaluation.name} and x.study_instance_uid = r.study_instance_uid)
      order by r.created_at limit ${BATCH}`);
    const rows = [...new Set(waiting.map((row) => row.study_instance_uid))].flatMap((studyInstanceUid) =>
      chooseReaders(load, readersPerCase, `${evaluation.name} ${studyInstanceUid}`).map((reader) => ({
        evaluation: evaluation.name,
        studyInstanceUid,
        reader,
        createdAt: now,
      })),
    );
    if (rows.length > 0) await transaction.insert(assignment).values(rows).onConflictDoNothing();
    return new Set(rows.map(({ studyInstanceUid }) => studyInstanceUid)).size;
  });
}

/** The next readers of a case: those with the fewest cases; counts them in `load`. */
export function chooseReaders(load: Map<string, number>, count: number, salt: string): string[] {
  const lot = (reader: string) => createHash('sha256').update(`${salt} ${reader}`).digest('hex');
  const order = [...load].sort(([a, cases], [b, others]) => cases - others || (lot(a) < lot(b) ? -1 : 1));
  const chosen = order.slice(0, count).map(([reader]) => reader);
  for (const reader of chosen) load.set(reader, (load.get(reader) ?? 0) + 1);
  return chosen;
}

async function readersOf(database: Database, evaluation: Evaluation): Promise<string[]> {
  const accounts = await listAccounts(database);
  const blinded = evaluation.reading.mode !== 'model-shown';
  return accounts
    .filter(({ disabledAt }) => disabledAt === null)
    .map((account) => participantOf(account, evaluation))
    .filter(({ reads, readsBlinded, seesAll }) => (blinded ? readsBlinded : reads && !seesAll))
    .map(({ name }) => name);
}
