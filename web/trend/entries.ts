import { and, asc, eq, inArray, max, sql } from 'drizzle-orm';
import { holdExamsOfPatient } from '../../lib/archive/other-exams.ts';
import { sayOfExam } from '../../lib/archive/retraction.ts';
import type { Database } from '../../lib/database/connection.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import { audit, outbox, trendEntry } from '../../schemas/database/web.ts';
import type { TrendEntry } from '../../schemas/trend.ts';

/** What people said of these exams in a pipeline's trend, oldest first. */
export async function listTrendEntries(
  database: Database,
  { pipeline, studies }: { readonly pipeline: string; readonly studies: readonly string[] },
): Promise<TrendEntry[]> {
  if (studies.length === 0) return [];
  const rows = await database.db
    .select()
    .from(trendEntry)
    .where(and(eq(trendEntry.pipeline, pipeline), inArray(trendEntry.studyInstanceUid, [...studies])))
    .orderBy(asc(trendEntry.createdAt), asc(trendEntry.id));
  return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
}

/**
 * Keeps an entry for good, with the order to write it to the store (`feedback/<evaluation>/trend/<id>.json`) and the
 * audit in the same transaction; a withdrawal stops what waits for receivers. The same entry again is harmless.
 *
 * @param said when by the clock of who asks: the entry is later than what was said before it, since the last word counts
 * @param patientChangedAt of the trend that was looked at
 * @throws {ProblemError} 409 the id belongs to another entry; a baseline of a patient who has other exams by now
 */
export async function addTrendEntry(
  database: Database,
  evaluation: string,
  said: TrendEntry,
  patientChangedAt?: string | null,
): Promise<void> {
  await database.db.transaction(async (transaction) => {
    const exams = await holdExamsOfPatient(transaction, said.studyInstanceUid);
    // One after the other, so that none is taken for older than one that was there before it.
    await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`web.trend ${said.pipeline}`}, 0))`);
    const [known] = await transaction.select().from(trendEntry).where(eq(trendEntry.id, said.id));
    if (known !== undefined) {
      const same = known.studyInstanceUid === said.studyInstanceUid && known.kind === said.kind;
      if (same && known.author === said.author && known.reason === said.reason) return;
      throw new ProblemError(409, 'Already used', 'This id belongs to another entry. Choose a new one.');
    }
    const changedAt = exams[0]?.patientChangedAt ?? null;
    const isLookedAt = patientChangedAt === undefined || patientChangedAt === (changedAt?.toISOString() ?? null);
    if (said.kind === 'baseline' && !isLookedAt) {
      const rule = 'The exams of this patient have changed since you looked at them. Nothing was kept: look again.';
      throw new ProblemError(409, 'Changed in between', rule);
    }
    const studies = [said.studyInstanceUid, ...exams.map(({ studyInstanceUid }) => studyInstanceUid)];
    const [before] = await transaction
      .select({ at: max(trendEntry.createdAt) })
      .from(trendEntry)
      .where(and(eq(trendEntry.pipeline, said.pipeline), inArray(trendEntry.studyInstanceUid, studies)));
    const earlier = [before?.at, changedAt].map((moment) => (moment?.getTime() ?? 0) + 1);
    const at = new Date(Math.max(Date.parse(said.createdAt), ...earlier));
    const entry = { ...said, createdAt: at.toISOString() };
    await transaction.insert(trendEntry).values({ ...entry, createdAt: at });
    const key = `${evaluation}/trend/${entry.id}.json`;
    await transaction.insert(outbox).values({ key, body: canonicalJson(entry), createdAt: at });
    const stopped = await sayOfExam(transaction, entry);
    const action = `trend-${entry.kind}`;
    const detail = stopped === 0 ? null : `${stopped} on the way to receivers stopped`;
    await transaction
      .insert(audit)
      .values({ at, actor: entry.author, action, subject: entry.studyInstanceUid, detail });
  });
}
