import { createHmac } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { allocation } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Parts } from '../parts.ts';
import { armAt, designOf, lotKey, stratumOf } from './arms.ts';
import { lockAssignments } from './assign.ts';
import { currentRuns, onOneOf, passedQuality } from './current.ts';

/** Exams that come to an arm at once. */
const BATCH = 500;

/**
 * Lets exams that are ready for readers come to an arm, in the order in which their runs were made; `armAt` says to which.
 * One after the other, so that no place of a block is given twice.
 *
 * @param among only these exams
 * @returns whether there may be more
 */
export async function allocateExams(
  parts: Pick<Parts, 'database' | 'archive' | 'launchKey' | 'now'>,
  evaluation: Evaluation,
  among?: readonly string[],
): Promise<'all' | 'more'> {
  const { arms } = evaluation.reading;
  if (arms === undefined) return 'all';
  const { database, archive, launchKey, now } = parts;
  const design = designOf(arms);
  const key = lotKey(launchKey);
  const found = await withoutArm(database.db, evaluation, among);
  if (found.length === 0) return 'all';
  // Before the lock: who waits for it keeps a connection, and the archive needs one too. The pseudonyms nobody sees: only
  // what exams are alike in is used.
  const facts = await archive.examFacts(found, createHmac('sha256', key).digest());
  await database.db.transaction(async (transaction) => {
    await lockAssignments(transaction, evaluation);
    const waiting = await withoutArm(transaction, evaluation, found);
    if (waiting.length === 0) return;
    const strata = new Map(waiting.map((study) => [study, stratumOf(evaluation.reading, facts.get(study))]));
    const counted = await transaction.execute<{ stratum: string; places: number }>(sql`
      select stratum, coalesce((select max(x.place) + 1 from web.allocation x
        where x.evaluation = ${evaluation.name} and x.design = ${design} and x.stratum = wanted.stratum), 0) as places
      from unnest(${sql.param([...new Set(strata.values())])}::text[]) wanted (stratum)`);
    const taken = new Map(counted.map(({ stratum, places }) => [stratum, places]));
    const allocated = waiting.map((studyInstanceUid) => {
      const stratum = strata.get(studyInstanceUid) ?? '';
      const place = taken.get(stratum) ?? 0;
      taken.set(stratum, place + 1);
      const arm = armAt(arms, key, { evaluation: evaluation.name, stratum, place });
      return { evaluation: evaluation.name, studyInstanceUid, arm, design, stratum, place, createdAt: now() };
    });
    await transaction.insert(allocation).values(allocated);
  });
  return found.length < BATCH ? 'all' : 'more';
}

/** The first exams that are ready for readers and have no arm yet. */
async function withoutArm(
  db: Pick<Database['db'], 'execute'>,
  evaluation: Evaluation,
  among: readonly string[] | undefined,
): Promise<string[]> {
  const rows = await db.execute<{ study_instance_uid: string }>(sql`${currentRuns(evaluation)}
    and ${passedQuality(evaluation)} and not exists (select 1 from web.allocation x
      where x.evaluation = ${evaluation.name} and x.study_instance_uid = r.study_instance_uid)
    and ${onOneOf(among)} order by r.created_at, r.id limit ${BATCH}`);
  return rows.map((row) => row.study_instance_uid);
}
