import { and, desc, eq, inArray, or, sql } from 'drizzle-orm';
import type { Exam } from '../../lib/archive/other-exams.ts';
import type { Database } from '../../lib/database/connection.ts';
import { trendKey } from '../../lib/runs/keys.ts';
import { trendState } from '../../lib/runs/trend.ts';
import { ObjectNotFoundError } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import * as tables from '../../schemas/database/web.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import { type Measurement, type TrendExam, type TrendInput, TrendState } from '../../schemas/trend.ts';
import type { Parts, WebContext } from '../parts.ts';
import { shownTo } from '../reading/sight.ts';
import { evaluatedPipeline } from '../runs/runs.ts';
import { listTrendEntries } from './entries.ts';

/** Words of a description that say: after an operation. */
const POST_OPERATIVE = /post[-\s_]?op|nach[-\s_]?op|postoperativ/i;

/** Who asks, and of what. */
type Asking = Pick<WebContext, 'var'>;

/**
 * The trend of the patient whose exam this is, as it is now and as who asks may see it: without the volumes of exams that
 * they are still to read. It is kept in the store under its digest, so that
 * the state which somebody saw can be named again.
 *
 * @returns undefined where the pipeline's evaluation follows nothing over time
 */
async function readTrend(c: Asking, pipeline: string, StudyInstanceUID: string): Promise<TrendState | undefined> {
  const { parts } = c.var;
  const rules = parts.evaluations.get(pipeline)?.trend;
  if (rules === undefined) return undefined;
  const exams = await parts.archive.examsOfPatient(StudyInstanceUID);
  const studies = exams.map(({ studyInstanceUid }) => studyInstanceUid);
  const [runs, entries] = await Promise.all([
    runsOf(parts.database, pipeline, studies).then((all) => shownTo(c, all)),
    listTrendEntries(parts.database, { pipeline, studies }),
  ]);
  const withheld = new Set(runs.filter((run) => run.withheld).map(({ studyInstanceUid }) => studyInstanceUid));
  const state = trendState({
    pipeline,
    rules,
    ...titleOf(runs, rules.structure),
    exams: exams.filter((exam) => belongs(exam, runs)).map((exam) => trendExam(exam, pipeline, runs)),
    measurements: measurementsOf(runs, rules.structure),
    // What somebody said of an exam may tell what is to be seen there.
    entries: entries.filter(({ studyInstanceUid }) => !withheld.has(studyInstanceUid)),
    ...changeOf(exams),
  });
  await keep(parts, state);
  return state;
}

/** The trend that a run belongs to: its pipeline's, or the one that it was brought in for. */
export function trendOf(c: Asking, run: RunView): Promise<TrendState | undefined> {
  return readTrend(c, evaluatedPipeline(run), run.studyInstanceUid);
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

/** Runs by their ids, newest first. */
export async function findRuns(database: Database, ids: readonly string[]): Promise<RunView[]> {
  const { run } = tables;
  if (ids.length === 0) return [];
  const rows = await database.db
    .select({ view: run.view })
    .from(run)
    .where(inArray(run.id, [...ids]))
    .orderBy(desc(run.createdAt), desc(run.id));
  return rows.map(({ view }) => view);
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

function changeOf([exam]: readonly Exam[]): Pick<TrendInput, 'patientChangedAt'> {
  return exam?.patientChangedAt == null ? {} : { patientChangedAt: exam.patientChangedAt.toISOString() };
}

/** Other exams of the person (a hip, a chest) are none of this trend's. */
function belongs({ studyInstanceUid }: Exam, runs: readonly RunView[]): boolean {
  return runs.some((run) => run.studyInstanceUid === studyInstanceUid);
}

function trendExam(exam: Exam, pipeline: string, runs: readonly RunView[]): TrendExam {
  const { studyInstanceUid, studyDate, studyTime, studyDescription } = exam;
  const own = runs.filter((run) => run.studyInstanceUid === studyInstanceUid && run.pipeline === pipeline);
  const [newest] = unamended(own);
  const status = newest?.withheld === true ? 'withheld' : (newest?.status ?? 'none');
  return {
    studyInstanceUid,
    date: studyDate,
    time: studyTime,
    postOperative: POST_OPERATIVE.test(studyDescription ?? ''),
    status,
  };
}

/** What the newest result calls the structure. */
function titleOf(runs: readonly RunView[], structure: string): { structureTitle?: string } {
  for (const { result } of runs) {
    const measured =
      result?.kind === 'segmentation' ? result.structures.find(({ name }) => name === structure) : undefined;
    if (measured !== undefined) return { structureTitle: measured.title };
  }
  return {};
}

/**
 * The volumes that count: of each exam and maker the newest run's. An ending without a result takes the place of an
 * older result; a run under way does not.
 */
function measurementsOf(runs: readonly RunView[], structure: string): Measurement[] {
  const decisive = runs.filter(({ status }) => status !== 'queued' && status !== 'running');
  const newest = Map.groupBy(unamended(decisive), (run) => `${run.studyInstanceUid} ${makerKey(run)}`);
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

/** Those that no other of them on the same exam amends. Their times alone do not say so: where buckets were copied back, all are of the copy. */
function unamended(runs: readonly RunView[]): RunView[] {
  const amended = new Set(runs.map(({ studyInstanceUid, amends }) => `${studyInstanceUid} ${amends}`));
  return runs.filter(({ studyInstanceUid, id }) => !amended.has(`${studyInstanceUid} ${id}`));
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
