import { createHmac } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { allocation } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { armAt, designOf, lotKey, stratumOf } from './arms.ts';
import { currentRuns, passedQuality } from './current.ts';
import type { Giving } from './give-out.ts';

/** Exams that come to an arm at once. */
const BATCH = 500;

/**
 * Lets exams that are ready for readers come to an arm, in the order in which their runs were made; `armAt` says to which.
 * One after the other, so that no place of a block is given twice.
 *
 * @param study only this exam
 * @returns whether there may be more
 */
export async function allocateExams(parts: Giving, evaluation: Evaluation, study?: string): Promise<'all' | 'more'> {
  const { arms } = evaluation.reading;
  if (arms === undefined) return 'all';
  const { database, archive, launchKey, now } = parts;
  const design = designOf(arms);
  const key = lotKey(launchKey);
  return database.db.transaction(async (transaction) => {
    await transaction.execute(
      sql`select pg_advisory_xact_lock(hashtextextended(${`web.allocate ${evaluation.name}`}, 0))`,
    );
    const rows = await transaction.execute<{ study_instance_uid: string }>(sql`${currentRuns(evaluation)}
      and ${passedQuality(evaluation)} and not exists (select 1 from web.allocation x
        where x.evaluation = ${evaluation.name} and x.study_instance_uid = r.study_instance_uid)
      ${study === undefined ? sql`` : sql`and r.study_instance_uid = ${study}`}
      order by r.created_at, r.id limit ${BATCH}`);
    const waiting = rows.map((row) => row.study_instance_uid);
    if (waiting.length === 0) return 'all';
    // Pseudonyms that nobody sees: only what exams are alike in is used.
    const facts = await archive.examFacts(waiting, createHmac('sha256', key).digest());
    const counted = await transaction.execute<{ stratum: string; places: number }>(sql`
      select stratum, count(*)::int as places from web.allocation
      where evaluation = ${evaluation.name} and design = ${design} group by stratum`);
    const taken = new Map(counted.map(({ stratum, places }) => [stratum, places]));
    const allocated = waiting.map((studyInstanceUid) => {
      const stratum = stratumOf(evaluation.reading, facts.get(studyInstanceUid));
      const place = taken.get(stratum) ?? 0;
      taken.set(stratum, place + 1);
      const arm = armAt(arms, key, { evaluation: evaluation.name, stratum, place });
      return { evaluation: evaluation.name, studyInstanceUid, arm, design, stratum, place, createdAt: now() };
    });
    await transaction.insert(allocation).values(allocated);
    return waiting.length < BATCH ? 'all' : 'more';
  });
}
