import type { Dataset } from '../../lib/dicom/dataset.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import { RunId } from '../../schemas/run.ts';
import type { ObjectReference } from '../../schemas/store.ts';
import { currentRuns } from '../dicomweb/images.ts';
import { sightOf } from '../dicomweb/sight.ts';
import type { WebContext } from '../parts.ts';

/** A result that a reader has changed. */
export interface Edited {
  readonly run: RunView;
  readonly result: SegmentationResult;
  /** The pipeline in whose evaluation it stands: of an import or an earlier edit the one that it was made for. */
  readonly pipeline: Pipeline;
  readonly SeriesInstanceUID: string;
  readonly seg: ObjectReference;
  /** Who made it, as a tool is named: `brain-lesion 1.0.0`. */
  readonly maker: string;
}

/**
 * The result that a segmentation was made from: the object that it names as its predecessor; else the run from which the
 * viewer was opened, as the viewer says; else the newest result of a model on the same images.
 *
 * @returns undefined where there is none on the images that it was drawn on
 */
export async function findEdited(c: WebContext, StudyInstanceUID: string, file: Dataset): Promise<Edited | undefined> {
  const { viewing, store } = c.var.parts;
  const series = seriesOf(file);
  const runs = (await viewing.images.runsOf(StudyInstanceUID, sightOf(c))).filter(
    ({ result }) => result?.kind === 'segmentation' && (series === undefined || result.seriesInstanceUid === series),
  );
  const named = predecessorOf(file);
  const byName =
    named === undefined ? undefined : await viewing.images.runOfObject(StudyInstanceUID, named, sightOf(c));
  const opened = RunId.safeParse(c.req.header('overread-run'));
  const run =
    runs.find(({ id }) => id === byName?.id) ??
    runs.find(({ id }) => id === opened.data) ??
    currentRuns(runs).find(({ result }) => result?.kind === 'segmentation' && result.imported === undefined);
  const result = run?.result?.kind === 'segmentation' ? run.result : undefined;
  if (run === undefined || result === undefined) return undefined;
  const pipeline = viewing.pipelines.get(result.imported?.pipeline ?? run.pipeline);
  const seg = await segmentationOf(store, run);
  if (pipeline === undefined || seg === undefined) return undefined;
  return { run, result, pipeline, SeriesInstanceUID: result.seriesInstanceUid, seg, maker: makerOf(result) };
}

/** An edit of an edit is one of what was edited first. */
function makerOf({ models, imported }: SegmentationResult): string {
  if (imported !== undefined) return imported.from ?? `${imported.source}, with ${imported.tool}`;
  return models.map(({ name, version }) => `${name} ${version}`).join(', ');
}

/** The series that a segmentation or a structure set says it was drawn on. */
function seriesOf(file: Dataset): string | undefined {
  const [referenced] = file.items('ReferencedSeriesSequence');
  const [contoured] = file
    .items('ReferencedFrameOfReferenceSequence')
    .flatMap((frame) => frame.items('RTReferencedStudySequence'))
    .flatMap((study) => study.items('RTReferencedSeriesSequence'));
  return referenced?.text('SeriesInstanceUID') ?? contoured?.text('SeriesInstanceUID');
}

/** SOPInstanceUID of the object that it was made from, where it says so. */
function predecessorOf(file: Dataset): string | undefined {
  const [named] = file
    .items('PredecessorDocumentsSequence')
    .flatMap((study) => study.items('ReferencedSeriesSequence'))
    .flatMap((series) => series.items('ReferencedSOPSequence'));
  return named?.text('ReferencedSOPInstanceUID');
}

/** The run's DICOM Segmentation, by its content. */
async function segmentationOf(store: ObjectStore, run: RunView): Promise<ObjectReference | undefined> {
  const key = run.result?.objects.seg;
  if (key === undefined || !key.startsWith(`${run.pipeline}/${run.id}/`)) return undefined;
  try {
    const bytes = await store.get('results', key);
    return { bucket: 'results', key, sha256: sha256(bytes), size: bytes.length, contentType: 'application/dicom' };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}
