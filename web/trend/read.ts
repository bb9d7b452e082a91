import { and, desc, eq, inArray, or, sql } from 'drizzle-orm';
import type { Exam } from '../../lib/archive/other-exams.ts';
import type { Database } from '../../lib/database/connection.ts';
import { trendKey } from '../../lib/runs/keys.ts';
import { trendState } from '../../lib/runs/trend.ts';
import { ObjectNotFoundError } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import * as tables from '../../schemas/database/web.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import { type Measurement, type TrendExam, TrendState } from '../../schemas/trend.ts';
import type { Parts } from '../parts.ts';
import { listTrendEntries } from './entries.ts';

/** Words of a description that say: after an operation. */
const POST_OPERATIVE = /post[-\s_]?op|nach[-\s_]?op|postoperativ/i;

type Sources = Pick<Parts, 'store' | 'database' | 'archive' | 'evaluations'>;

/**
 * The trend of the patient whose exam this is, as it is now. It is kept in the store under its digest, so that the state
 * which somebody saw can be named again.
 *
 * @returns undefined where the pipeline's evaluation follows nothing over time
 */
export async function readTrend(
  parts: Sources,
  pipeline: string,
  StudyInstanceUID: string,
): Promise<TrendState | undefined> {
  const rules = parts.evaluations.get(pipeline)?.trend;
  if (rules === undefined) return undefined;
  const exams = await parts.archive.examsOfPatient(StudyInstanceUID);
  const studies = exams.map(({ studyInstanceUid }) => studyInstanceUid);
  const [runs, entries] = await Promise.all([
    runsOf(parts.database, pipeline, studies),
    listTrendEntries(parts.database, { pipeline, studies }),
  ]);
  const state = trendState({
    pipeline,
    rules,
    exams: exams.filter((exam) => belongs(exam, runs)).map((exam) => trendExam(exam, pipeline, runs)),
    measurements: measurementsOf(runs, rules.structure),
    entries,
  });
  await keep(parts, state);
  return state;
}

/** The trend that a run belongs to: its pipeline's, or the one that it was brought in for. */
export function trendOf(parts: Sources, run: RunView): Promise<TrendState | undefined> {
  const imported = run.result?.kind === 'segmentation' ? run.result.imported : undefined;
  return readTrend(parts, imported?.pipeline ?? run.pipeline, run.studyInstanceUid);
}

/** A trend that somebody saw; undefined where there is none of this name. */
export async function findTrendState(
  { store }: Pick<Parts, 'store'>,
  pipeline: string,
  digest: string,
): Promise<TrendState | undefined> {
  try {
    const bytes = await store.get('results', trendKey(pipeline, digest));
    return TrendState.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

async function keep({ store }: Pick<Parts, 'store'>, state: TrendState): Promise<void> {
  const key = trendKey(state.input.pipeline, state.digest);
  if ((await store.stat('results', key)) !== undefined) return;
  await store.put('results', key, Buffer.from(JSON.stringify(state)), 'application/json');
}

/** Runs of the pipeline on these exams, and of what was imported for it, newest first. */
async function runsOf(database: Database, pipeline: string, studies: readonly string[]): Promise<RunView[]> {
  if (studies.length === 0) return [];
  const { run } = tables;
  const rows = await database.db
    .select({ view: run.view })
    .from(run)
    .where(
      and(
        inArray(run.studyInstanceUid, [...studies]),
        or(eq(run.pipeline, pipeline), sql`${run.view}->'result'->'imported'->>'pipeline' = ${pipeline}`),
      ),
    )
    .orderBy(desc(run.createdAt), desc(run.id));
  return rows.map(({ view }) => view).filter(({ replayOf }) => replayOf === null);
}

/** Other exams of the person (a hip, a chest) are none of this trend's. */
function belongs({ studyInstanceUid }: Exam, runs: readonly RunView[]): boolean {
  return runs.some((run) => run.studyInstanceUid === studyInstanceUid);
}

function trendExam(exam: Exam, pipeline: string, runs: readonly RunView[]): TrendExam {
  const { studyInstanceUid, studyDate, studyTime, studyDescription } = exam;
  const newest = runs.find((run) => run.studyInstanceUid === studyInstanceUid && run.pipeline === pipeline);
  return {
    studyInstanceUid,
    date: studyDate,
    time: studyTime,
    postOperative: POST_OPERATIVE.test(studyDescription ?? ''),
    status: newest?.status ?? 'none',
  };
}

/**
 * The volumes that count: of each exam and maker the newest run's. An ending without a result takes the place of an
 * older result; a run under way does not.
 */
function measurementsOf(runs: readonly RunView[], structure: string): Measurement[] {
  const decisive = runs.filter(({ status }) => status !== 'queued' && status !== 'running');
  const newest = Map.groupBy(decisive, (run) => `${run.studyInstanceUid} ${makerKey(run)}`);
  return [...newest.values()].flatMap(([run]) => {
    const { result } = run ?? {};
    if (run === undefined || result?.kind !== 'segmentation') return [];
    const measured = result.structures.find(({ name }) => name === structure);
    const maker = makerOf(result);
    if (measured === undefined || maker === undefined) return [];
    const { volumeMl, complete } = measured;
    return [{ run: run.id, studyInstanceUid: run.studyInstanceUid, maker, volumeMl, complete }];
  });
}

/** Who made what the run measured: its models, or the person who brought it in. */
function makerKey({ models, result }: RunView): string {
  const imported = result?.kind === 'segmentation' ? result.imported : undefined;
  if (imported === undefined) return models.map(({ sha256 }) => sha256).join();
  return imported.from === undefined ? `${imported.source} ${imported.tool}` : `edited ${imported.from}`;
}

function makerOf({ imported, models }: SegmentationResult): Measurement['maker'] | undefined {
  if (imported?.from !== undefined) return { kind: 'edited', from: imported.from };
  if (imported !== undefined) return { kind: 'imported', source: imported.source, tool: imported.tool };
  const [model] = models;
  return model === undefined ? undefined : { kind: 'model', ...model };
}
