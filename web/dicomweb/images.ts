import { createHash } from 'node:crypto';
import { imagesOfStudy, type WithinStudy } from '../../lib/archive/instances.ts';
import type { Database } from '../../lib/database/connection.ts';
import { MalformedDicomError, type Part10, readPart10 } from '../../lib/dicom/dataset.ts';
import type { Logger } from '../../lib/platform/log.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import { evaluatedPipeline, listRuns } from '../runs/runs.ts';
import { listTrendEntries } from '../trend/entries.ts';
import { type DicomObject, readHead } from './head.ts';
import { RecentFiles } from './recent.ts';

/** An instance of a study, wherever its object is. */
export interface ViewedInstance extends DicomObject {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
  readonly SOPClassUID: string;
  readonly TransferSyntaxUID: string;
  /** Another one with other bytes. */
  readonly digest: string;
}

/** From where DICOMweb takes what it shows, for who asks: everything they may see of a study, or less. */
export interface Shelf {
  /** Path of the DICOMweb service, which the addresses in its answers begin with. */
  readonly root: string;
  /** Whether who asks may know of the study. */
  holds(study: string): Promise<boolean>;
  /** Its instances, in the order in which they are shown. */
  find(study: string, within?: WithinStudy): Promise<ViewedInstance[]>;
}

/** Objects of a result that are DICOM. */
const DICOM_OBJECTS = ['seg', 'rtstruct', 'report', 'capture'] as const;

/** Runs of one study that are looked through for its current results. */
const MOST_RUNS = 200;

/** Result objects of which is remembered who they are. */
const MOST_REMEMBERED = 1000;

/** Runs as who asks may see them now: a result that is withheld from a reader is null. */
export type Sight = (runs: readonly RunView[]) => Promise<RunView[]>;

/** What the viewer sees of a study: its images, and as further series what Overread made of them. */
export class StudyImages {
  readonly #parts: { readonly store: ObjectStore; readonly database: Database; readonly log: Logger };
  readonly #remembered = new Map<string, ViewedInstance | undefined>();
  readonly #recent: RecentFiles;

  constructor(parts: { readonly store: ObjectStore; readonly database: Database; readonly log: Logger }) {
    this.#parts = parts;
    this.#recent = new RecentFiles(async ({ bucket, key }) => parts.store.get(bucket, key));
  }

  /** Images in the order in which they came, then the objects of the newest result of each pipeline. */
  async find(StudyInstanceUID: string, sight: Sight, within: WithinStudy = {}): Promise<ViewedInstance[]> {
    const archived = await imagesOfStudy(this.#parts.database, StudyInstanceUID, within);
    const images = archived.map(
      ({ sha256, ...image }): ViewedInstance => ({ ...image, StudyInstanceUID, bucket: 'dicom', digest: sha256 }),
    );
    if (within.instance !== undefined && images.length > 0) return images;
    const results = (await this.results(StudyInstanceUID, sight)).filter(
      ({ SeriesInstanceUID, SOPInstanceUID }) =>
        (within.series ?? SeriesInstanceUID) === SeriesInstanceUID &&
        (within.instance ?? SOPInstanceUID) === SOPInstanceUID,
    );
    return [...images, ...results];
  }

  /** The DICOM objects of the newest result of each pipeline on this study. */
  async results(StudyInstanceUID: string, sight: Sight): Promise<ViewedInstance[]> {
    const runs = currentRuns(await this.runsOf(StudyInstanceUID, sight));
    const objects = await Promise.all(runs.map((run) => this.#objectsOf(run)));
    return objects.flat();
  }

  /**
   * Runs on this study, newest first, as who asks may see them, without those of which somebody has withdrawn the exam: their
   * results show nothing.
   */
  async runsOf(StudyInstanceUID: string, sight: Sight): Promise<RunView[]> {
    const { database } = this.#parts;
    const runs = await listRuns(database, { studyInstanceUid: StudyInstanceUID, limit: MOST_RUNS });
    const withdrawn = await withdrawnPipelines(database, StudyInstanceUID, new Set(runs.map(evaluatedPipeline)));
    return sight(runs.filter((run) => !withdrawn.has(evaluatedPipeline(run))));
  }

  /** The run that has published the DICOM object with this UID; undefined where none has, or it is withdrawn. */
  async runOfObject(StudyInstanceUID: string, SOPInstanceUID: string, sight: Sight): Promise<RunView | undefined> {
    for (const run of await this.runsOf(StudyInstanceUID, sight)) {
      const objects = await this.#objectsOf(run);
      if (objects.some((object) => object.SOPInstanceUID === SOPInstanceUID)) return run;
    }
    return undefined;
  }

  /** The DICOM objects that a run has published; what cannot be read, or is of another study, is left out. */
  async #objectsOf(run: RunView): Promise<ViewedInstance[]> {
    const found = await Promise.all(objectKeys(run).map((key) => this.#identify(run, key)));
    return found.filter((object) => object !== undefined);
  }

  /** The whole file, read; the last few files are kept, since frames are asked for one by one. @throws {MalformedDicomError} */
  async open(instance: ViewedInstance): Promise<Part10> {
    return readPart10(await this.#recent.get(instance));
  }

  async #identify(run: RunView, key: string): Promise<ViewedInstance | undefined> {
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const object = { bucket: 'results', key } as const;
    try {
      const { dataset, meta } = await readHead(this.#parts.store, object);
      const text = (keyword: string) => dataset.text(keyword) ?? '';
      if (text('StudyInstanceUID') !== run.studyInstanceUid) return undefined;
      const instance: ViewedInstance = {
        ...object,
        StudyInstanceUID: run.studyInstanceUid,
        SeriesInstanceUID: text('SeriesInstanceUID'),
        SOPInstanceUID: text('SOPInstanceUID'),
        SOPClassUID: text('SOPClassUID'),
        TransferSyntaxUID: meta.TransferSyntaxUID,
        // The run's id is in the key, and a run publishes the same bytes whoever works on it.
        digest: createHash('sha256').update(key).digest('hex'),
      };
      if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(key, instance);
      return instance;
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError || error instanceof MalformedDicomError)) throw error;
      this.#parts.log.error({ run: run.id, err: error }, 'an object of a result cannot be read');
      return undefined;
    }
  }
}

/**
 * Of each pipeline the newest run with a result that no other run amends; replays are no results. Segmentations that people
 * brought in or edited stand beside each other, the newest of each source, tool and, of edits, reader. Runs come newest first.
 */
export function currentRuns(runs: readonly RunView[]): RunView[] {
  const amended = new Set(runs.map(({ amends }) => amends));
  const current = new Map<string, RunView>();
  for (const run of runs) {
    if (run.result === null || run.replayOf !== null || amended.has(run.id)) continue;
    const { imported } = run.result.kind === 'segmentation' ? run.result : {};
    const { pipeline, source, tool, author, edits } = imported ?? {};
    const maker = JSON.stringify([run.pipeline, pipeline, source, tool, edits === undefined ? null : author]);
    if (!current.has(maker)) current.set(maker, run);
  }
  return [...current.values()];
}

/** Keys of a run's DICOM objects, below its own folder alone: a result is written by a function, and read as data. */
function objectKeys({ id, pipeline, result }: RunView): string[] {
  if (result === null || !('objects' in result)) return [];
  const { objects } = result;
  return DICOM_OBJECTS.flatMap((name) => objects[name] ?? []).filter((key) => key.startsWith(`${pipeline}/${id}/`));
}

/** Those of the pipelines in which the last word on this exam is that it is withdrawn. */
export async function withdrawnPipelines(
  database: Database,
  StudyInstanceUID: string,
  pipelines: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const withdrawn = new Set<string>();
  for (const pipeline of pipelines) {
    const entries = await listTrendEntries(database, { pipeline, studies: [StudyInstanceUID] });
    if (entries.findLast(({ kind }) => kind !== 'baseline')?.kind === 'withdrawn') withdrawn.add(pipeline);
  }
  return withdrawn;
}
