import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Database } from '../../lib/database/connection.ts';
import { UnfitObjectError } from '../../lib/dicom/made/unfit.ts';
import { canonicalJson, sha256 } from '../../lib/runs/canonical.ts';
import { structuresOf } from '../../lib/runs/import.ts';
import { readManifest, readRun } from '../../lib/runs/state.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { getVerified } from '../../lib/store/verified.ts';
import type { BlindedCopy, CopiedStructure } from '../../schemas/blinded.ts';
import { blindedCopy, outbox } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import type { Run } from '../../schemas/run.ts';
import { type Structure, type Volume, VolumeSet } from '../../schemas/volume.ts';
import { findRun } from '../runs/runs.ts';
import type { Answer } from './copy-worker.ts';
import type { CopyToWrite } from './encode.ts';
import { sourcesOf, type WaitingExam } from './exams.ts';
import { copyId } from './identity.ts';
import { addCopies, copyRecordKey, recordedCopies } from './restore.ts';

/** What copies are made with. */
export interface Making {
  readonly store: ObjectStore;
  readonly database: Database;
  readonly blindingKey: Buffer;
}

/** The bucket and key of a copy's file. Its name says no more than what its reader knows. */
export const copyObject = ({ id, evaluation }: { readonly id: string; readonly evaluation: string }) => ({
  bucket: 'feedback' as const,
  key: `${evaluation}/copies/${id}.seg.dcm`,
});

/**
 * Makes the copies of an exam, all of them or none, from one list of images and one list of structures, so that they differ
 * in nothing but what was drawn. From then on the exam is in the hands of its readers: what comes later changes nothing, and
 * where the database has lost them they are those that the store knows.
 *
 * @throws {UnfitObjectError} the segmentations lie on different images, or one of them cannot be copied
 * @throws {ModelNotHeldError}
 */
export async function makeCopies(
  { store, database, blindingKey }: Making,
  { evaluation, pipeline, exam, now }: { evaluation: Evaluation; pipeline: Pipeline; exam: WaitingExam; now: Date },
): Promise<BlindedCopy[]> {
  const idOf = (source: string) =>
    copyId(blindingKey, { evaluation: evaluation.name, StudyInstanceUID: exam.StudyInstanceUID, source });
  const given = sourcesOf(evaluation).map((source) => ({ id: idOf(source), evaluation: evaluation.name }));
  const recorded = await recordedCopies(store, given);
  if (recorded.length > 1) {
    await addCopies(database, recorded);
    return recorded;
  }
  const results = await resultsOf(database, evaluation, exam);
  const [first] = results;
  if (first === undefined) throw new UnfitObjectError('kind', 'There is no segmentation.');
  refuseOtherImages(results);
  const structures = (await structuresOf(store, pipeline)) ?? [];
  const at =
    results
      .map(({ result }) => result.publishedAt)
      .sort()
      .at(-1) ?? now.toISOString();
  const shared = { ...(await imagesOf(store, first)), structures, at };
  const copies: BlindedCopy[] = [];
  for (const { source, run, result } of results) {
    const { StudyInstanceUID } = exam;
    const id = idOf(source);
    const segmentation = await segmentationOf(store, result, source);
    const bytes = await inThread({ ...shared, id, segmentation });
    const { bucket, key } = copyObject({ id, evaluation: evaluation.name });
    await store.put(bucket, key, bytes, 'application/dicom');
    copies.push({
      id,
      evaluation: evaluation.name,
      studyInstanceUid: StudyInstanceUID,
      source,
      run,
      structures: copied(structures, result),
      sha256: sha256(bytes),
      createdAt: now.toISOString(),
    });
  }
  await keep(database, copies, now);
  return copies;
}

interface SourceResult {
  readonly source: string;
  readonly run: string;
  readonly result: SegmentationResult;
}

/** In the order of the evaluation. */
async function resultsOf(
  database: Database,
  evaluation: Evaluation,
  { runs }: Pick<WaitingExam, 'runs'>,
): Promise<SourceResult[]> {
  const results: SourceResult[] = [];
  for (const source of sourcesOf(evaluation)) {
    const run = runs.get(source);
    const result = run === undefined ? undefined : (await findRun(database, run))?.result;
    if (run !== undefined && result?.kind === 'segmentation') results.push({ source, run, result });
  }
  return results;
}

async function segmentationOf(store: ObjectStore, { objects }: SegmentationResult, source: string): Promise<Buffer> {
  if (objects.seg !== undefined) return store.get('results', objects.seg);
  throw new UnfitObjectError('kind', `What is judged must be there as a DICOM Segmentation; that of ${source} is not.`);
}

/** @throws {UnfitObjectError} readers would tell them apart by the images */
function refuseOtherImages(results: readonly SourceResult[]): void {
  if (new Set(results.map(({ result }) => result.seriesInstanceUid)).size === 1) return;
  throw new UnfitObjectError(
    'geometry',
    `All segmentations of an exam must lie on one series; these lie on different ones: ${results.map(({ source }) => source).join(', ')}.`,
  );
}

/** The images that a run's segmentation lies on, as its dicom-reader has them. @throws {UnfitObjectError} they are not known */
async function imagesOf(
  store: ObjectStore,
  { run: id, result }: SourceResult,
): Promise<Pick<CopyToWrite, 'volume' | 'image' | 'sources'>> {
  const run = await readRun(store, id);
  const volume = await volumeOf(store, id, run, result.seriesInstanceUid);
  const series = run.instances.filter(({ SeriesInstanceUID }) => SeriesInstanceUID === result.seriesInstanceUid);
  const named = volume.slices[0]?.SOPInstanceUID;
  const first = series.find(({ SOPInstanceUID }) => named === undefined || SOPInstanceUID === named);
  if (first === undefined) throw unknownImages();
  const sources = volume.slices.length > 0 ? volume.slices : series;
  return {
    volume,
    image: await getVerified(store, first.object),
    sources: sources.map(({ SOPClassUID, SOPInstanceUID }) => ({ SOPClassUID, SOPInstanceUID })),
  };
}

async function volumeOf(store: ObjectStore, id: string, run: Run, series: string): Promise<Volume> {
  const reader = run.steps.find(({ operator }) => operator === 'dicom-reader');
  const manifest = reader && (await readManifest(store, id, reader.name));
  const [images] = manifest?.outputs.images ?? [];
  if (images === undefined) throw unknownImages();
  const { volumes } = VolumeSet.parse(JSON.parse((await getVerified(store, images)).toString('utf8')));
  const volume = volumes.find(({ SeriesInstanceUID }) => SeriesInstanceUID === series);
  if (volume === undefined) throw unknownImages();
  return volume;
}

const unknownImages = () =>
  new UnfitObjectError('geometry', 'The images of a segmentation must be known; its run does not name them.');

/** What may be told of the structures, in the order of the pipeline. */
function copied(structures: readonly Structure[], result: SegmentationResult): CopiedStructure[] {
  return structures.map(({ name, title }) => {
    const measured = result.structures.find((structure) => structure.name === name);
    const { volumeMl, voxels, complete } = measured ?? { volumeMl: 0, voxels: 0, complete: true };
    return { name, title, volumeMl, voxels, complete };
  });
}

/** Whose each is stays known when the database is lost: it is written to the store in the same transaction. */
async function keep(database: Database, copies: readonly BlindedCopy[], now: Date): Promise<void> {
  await database.db.transaction(async (transaction) => {
    const rows = copies.map((copy) => ({ ...copy, createdAt: now }));
    const made = await transaction.insert(blindedCopy).values(rows).onConflictDoNothing().returning();
    const orders = copies
      .filter(({ id }) => made.some((row) => row.id === id))
      .map((copy) => ({ key: copyRecordKey(copy), body: canonicalJson(copy), createdAt: now }));
    if (orders.length > 0) await transaction.insert(outbox).values(orders);
  });
}

/** Copying goes over every voxel several times: meanwhile pages are answered. @throws {UnfitObjectError} */
async function inThread(copy: CopyToWrite): Promise<Buffer> {
  const worker = new Worker(new URL('./copy-worker.ts', import.meta.url), { workerData: copy });
  try {
    const [answer]: Answer[] = await once(worker, 'message').catch((error: unknown) => {
      throw new UnfitObjectError('pixels', 'A segmentation cannot be read, or is too large to be copied.', error);
    });
    if (answer !== undefined && 'bytes' in answer) return Buffer.from(answer.bytes);
    throw new UnfitObjectError('kind', answer?.unfit ?? 'It was not copied.');
  } finally {
    await worker.terminate();
  }
}
