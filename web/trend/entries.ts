import { and, asc, eq, inArray } from 'drizzle-orm';
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
 * @throws {ProblemError} 409 the id belongs to another entry
 */
export async function addTrendEntry(database: Database, evaluation: string, entry: TrendEntry): Promise<void> {
  const at = new Date(entry.createdAt);
  await database.db.transaction(async (transaction) => {
    const made = await transaction
      .insert(trendEntry)
      .values({ ...entry, createdAt: at })
      .onConflictDoNothing()
      .returning({ id: trendEntry.id });
    if (made.length === 0) {
      const [known] = await transaction.select().from(trendEntry).where(eq(trendEntry.id, entry.id));
      const same = known?.studyInstanceUid === entry.studyInstanceUid && known.kind === entry.kind;
      if (same && known.author === entry.author && known.reason === entry.reason) return;
      throw new ProblemError(409, 'Already used', 'This id belongs to another entry. Choose a new one.');
    }
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
