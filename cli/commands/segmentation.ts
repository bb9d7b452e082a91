import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { imagesOfStudy } from '../../lib/archive/instances.ts';
import { connect, databaseUrl } from '../../lib/database/connection.ts';
import { MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import type { Configuration } from '../../lib/platform/configuration.ts';
import { firstIssue } from '../../lib/platform/issue.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import { ImportStatement, ModelNotHeldError, planImport, runInstances, structuresOf } from '../../lib/runs/import.ts';
import { importKey } from '../../lib/runs/keys.ts';
import { loadPipelines } from '../../lib/runs/pipelines.ts';
import { submitRun } from '../../lib/runs/submit.ts';
import { openStore } from '../../lib/store/open.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { RunInstance } from '../../schemas/run.ts';
import type { Structure } from '../../schemas/volume.ts';
import { connectApi } from '../api.ts';
import { CommandError, EXIT } from '../exit.ts';
import { describeResult } from '../table.ts';
import { untilRunEnded } from '../until-ended.ts';
import { runningApi } from '../up/data-folder.ts';

export interface ImportOptions {
  readonly study: string;
  readonly series: string | undefined;
  readonly pipeline: string;
  readonly source: string;
  readonly tool: string;
  readonly minutes: string | undefined;
  /** `<structure>=<what the file calls it>` */
  readonly names: readonly string[];
}

/**
 * Brings a segmentation that was made elsewhere into the evaluation of a pipeline: a run reads it onto its images, refuses
 * it where patient, exam, frame of reference or geometry are others, and measures it like the model's.
 *
 * @throws {CommandError} (1) it does not fit, (2) wrong usage, (3) nothing runs here
 */
export async function importSegmentation(
  configuration: Configuration,
  file: string,
  options: ImportOptions,
): Promise<void> {
  const api = connectApi(runningApi(configuration));
  const bytes = readBytes(file);
  const statement = statementOf(options);
  const pipeline = pipelineNamed(configuration, options.pipeline);
  const store = openStore(configuration.store);
  const database = connect(databaseUrl(configuration));
  try {
    const series = options.series ?? referencedSeries(bytes);
    const images = await imagesOfStudy(database, options.study);
    const instances = await instancesOf(store, pickSeries(images, series, pipeline));
    const imported = await store.put('feedback', importKey(pipeline.name, sha256(bytes)), bytes);
    const planned = planImport({
      pipeline,
      StudyInstanceUID: options.study,
      instances,
      imported,
      statement,
      structures: await structuresFor(store, pipeline),
      names: Object.fromEntries(options.names.map(pairOf)),
    });
    await submitRun(store, planned, { kind: 'person', by: statement.author, at: new Date().toISOString() });
    const run = await untilRunEnded(api, planned.id);
    if (run.status !== 'succeeded') throw new CommandError(EXIT.failed, `Not imported: ${run.reason ?? run.status}`);
    console.log(`Imported: ${describeResult(run)}\n${api.web}/runs/${run.id}`);
  } finally {
    await Promise.all([store.close(), database.close()]);
  }
}

function pipelineNamed({ pipelineFolders }: Configuration, name: string): Pipeline {
  const pipelines = loadPipelines(pipelineFolders);
  const pipeline = pipelines.get(name);
  if (pipeline !== undefined) return pipeline;
  throw new CommandError(EXIT.usage, `There is no pipeline ${name}; there are ${[...pipelines.keys()].join(', ')}.`);
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandError(EXIT.usage, `${file} cannot be read.`, error);
  }
}

function statementOf({ pipeline, source, tool, minutes }: ImportOptions): ImportStatement {
  const parsed = ImportStatement.safeParse({
    pipeline,
    source,
    tool,
    minutes: minutes === undefined ? null : Number(minutes),
    author: userInfo().username,
  });
  if (parsed.success) return parsed.data;
  throw new CommandError(EXIT.usage, `--${firstIssue(parsed.error)}`);
}

function pairOf(text: string): [string, string] {
  const [, structure, name] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (structure === undefined || name === undefined)
    throw new CommandError(EXIT.usage, `--names ${text}: give STRUCTURE=NAME.`);
  return [structure, name];
}

/** The series that a DICOM segmentation or structure set says it was drawn on; undefined for other files. */
function referencedSeries(bytes: Buffer): string | undefined {
  try {
    const { dataset } = readPart10(bytes, { untilPixelData: true });
    const [referenced] = dataset.items('ReferencedSeriesSequence');
    const [contoured] = dataset
      .items('ReferencedFrameOfReferenceSequence')
      .flatMap((frame) => frame.items('RTReferencedStudySequence'))
      .flatMap((study) => study.items('RTReferencedSeriesSequence'));
    return referenced?.text('SeriesInstanceUID') ?? contoured?.text('SeriesInstanceUID');
  } catch (error) {
    if (error instanceof MalformedDicomError) return undefined;
    throw error;
  }
}

type Image = Awaited<ReturnType<typeof imagesOfStudy>>[number];

/** The images of the series that is meant. @throws {CommandError} none, or several could be */
function pickSeries(images: readonly Image[], series: string | undefined, pipeline: Pipeline): Image[] {
  if (images.length === 0)
    throw new CommandError(EXIT.usage, 'The archive holds no image of this study: send its images first.');
  const admitted = images.filter(({ SOPClassUID }) => pipeline.admits.SOPClassUID.includes(SOPClassUID));
  const bySeries = Map.groupBy(admitted, ({ SeriesInstanceUID }) => SeriesInstanceUID);
  const [only] = bySeries.keys();
  const wanted = series ?? (bySeries.size === 1 ? only : undefined);
  const picked = wanted === undefined ? undefined : bySeries.get(wanted);
  if (picked !== undefined) return picked;
  const held = [...bySeries].map(([uid, members]) => `${uid} (${members.length} images)`).join(', ');
  throw new CommandError(
    EXIT.usage,
    series === undefined
      ? `Say with --series on which series it was drawn: ${held || 'the study has none that the pipeline admits'}.`
      : `The study has no series ${series} that the pipeline admits. It has: ${held || 'none'}.`,
  );
}

async function structuresFor(store: ObjectStore, pipeline: Pipeline): Promise<Structure[]> {
  try {
    const structures = await structuresOf(store, pipeline);
    if (structures !== undefined) return structures;
  } catch (error) {
    if (error instanceof ModelNotHeldError) throw new CommandError(EXIT.notReady, error.message);
    throw error;
  }
  throw new CommandError(EXIT.usage, `${pipeline.name} has no segmentation model, so no structures to import.`);
}

async function instancesOf(store: ObjectStore, images: readonly Image[]): Promise<RunInstance[]> {
  try {
    return await runInstances(store, images);
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
    throw new CommandError(
      EXIT.failed,
      'An image of the series is known, but not in the store: restore the bucket dicom.',
      error,
    );
  }
}
