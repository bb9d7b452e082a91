import { and, desc, eq, inArray, lt, or, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { RunView } from '../../schemas/api.ts';
import { run } from '../../schemas/database/web.ts';

/** Which runs to list. */
export interface RunFilter {
  readonly studyInstanceUid?: string | undefined;
  /** Only runs on one of these studies. */
  readonly studies?: readonly string[] | undefined;
  readonly pipeline?: string | undefined;
  /** Only runs of one of these pipelines. */
  readonly pipelines?: readonly string[] | undefined;
  readonly status?: RunView['status'] | undefined;
  /** Only runs older than this one. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Runs, newest first, from the projection. */
export async function listRuns(database: Database, filter: RunFilter): Promise<RunView[]> {
  const conditions: (SQL | undefined)[] = [];
  if (filter.studyInstanceUid !== undefined) conditions.push(eq(run.studyInstanceUid, filter.studyInstanceUid));
  if (filter.studies !== undefined) conditions.push(inArray(run.studyInstanceUid, [...filter.studies]));
  if (filter.pipeline !== undefined) conditions.push(eq(run.pipeline, filter.pipeline));
  if (filter.pipelines !== undefined) conditions.push(evaluatedIn(filter.pipelines));
  if (filter.status !== undefined) conditions.push(eq(run.status, filter.status));
  if (filter.before !== undefined) {
    const [mark] = await database.db.select({ createdAt: run.createdAt }).from(run).where(eq(run.id, filter.before));
    if (mark === undefined) return [];
    conditions.push(
      or(lt(run.createdAt, mark.createdAt), and(eq(run.createdAt, mark.createdAt), lt(run.id, filter.before))),
    );
  }
  const rows = await database.db
    .select({ view: run.view })
    .from(run)
    .where(and(...conditions))
    .orderBy(desc(run.createdAt), desc(run.id))
    .limit(filter.limit);
  return rows.map(({ view }) => view);
}

/** Runs of these pipelines, and what was brought in for them. */
function evaluatedIn(pipelines: readonly string[]): SQL | undefined {
  const brought = sql<string>`${run.view}->'imported'->>'pipeline'`;
  return or(inArray(run.pipeline, [...pipelines]), inArray(brought, [...pipelines]));
}

/** The pipeline in whose evaluation a run stands: of a segmentation that was brought in the one that it was brought in for. */
export function evaluatedPipeline({ pipeline, imported }: Pick<RunView, 'pipeline' | 'imported'>): string {
  return imported?.pipeline ?? pipeline;
}

/** One run; undefined where the projection has none of this id. */
export async function findRun(database: Database, id: string): Promise<RunView | undefined> {
  const [row] = await database.db.select({ view: run.view }).from(run).where(eq(run.id, id));
  return row?.view;
}

/** Those of the studies on which there is a run. */
export async function studiesWithRun(database: Database, studies: readonly string[]): Promise<ReadonlySet<string>> {
  if (studies.length === 0) return new Set();
  const rows = await database.db
    .selectDistinct({ study: run.studyInstanceUid })
    .from(run)
    .where(inArray(run.studyInstanceUid, [...studies]));
  return new Set(rows.map(({ study }) => study));
}

/**
 * The other runs of the same pipeline on the same study, newest first: what a run amends, and what amends it. What people
 * brought in or edited stands beside each other and amends nothing.
 */
export async function relatedRuns(database: Database, of: RunView): Promise<RunView[]> {
  const { id, pipeline, studyInstanceUid, imported } = of;
  if (imported !== undefined) return [];
  const runs = await listRuns(database, { pipeline, studyInstanceUid, limit: 50 });
  return runs.filter((other) => other.id !== id);
}

/** The newest of the related runs, where it is newer than the run itself; no replay. */
export function newerOf(run: RunView, related: readonly RunView[]): RunView | undefined {
  return related.find((other) => other.createdAt > run.createdAt && other.replayOf === null);
}

/** Those of the runs that another one amends, so that its result counts in their place. */
export async function amendedAmong(
  database: Database,
  runs: readonly Pick<RunView, 'id'>[],
): Promise<ReadonlySet<string>> {
  const ids = runs.map(({ id }) => id);
  const rows = await database.db
    .selectDistinct({ amends: run.amends })
    .from(run)
    .where(and(inArray(run.amends, ids), sql`${run.view}->>'replayOf' is null`));
  return new Set(rows.flatMap(({ amends }) => amends ?? []));
}

/** What readers have made of the result of a run, or are making: newest first, those under way and those that failed too. */
export async function editsOf(
  database: Database,
  { id, studyInstanceUid }: Pick<RunView, 'id' | 'studyInstanceUid'>,
): Promise<RunView[]> {
  const edits = sql<string>`${run.view}->'imported'->>'edits'`;
  const rows = await database.db
    .select({ view: run.view })
    .from(run)
    .where(and(eq(run.studyInstanceUid, studyInstanceUid), eq(edits, id)))
    .orderBy(desc(run.createdAt))
    .limit(50);
  return rows.map(({ view }) => view);
}
