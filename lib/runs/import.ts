import { z } from 'zod';
import type { RunView } from '../../schemas/api.ts';
import { ModelCard } from '../../schemas/model.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { Run, RunInstance } from '../../schemas/run.ts';
import { Sha256, Slug, type Uid } from '../../schemas/scalars.ts';
import type { ObjectReference } from '../../schemas/store.ts';
import type { Structure } from '../../schemas/volume.ts';
import { ObjectNotFoundError, type ObjectStore } from '../store/store.ts';
import { getVerified } from '../store/verified.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { heldModel } from './held-models.ts';
import { completeNeeds } from './pipelines.ts';
import { studyVersion } from './plan.ts';

/** Name under which runs and results of imported segmentations lie in the store. */
export const IMPORT_PIPELINE = 'segmentation-import';

/** What a person says of a segmentation that was made elsewhere. */
export const ImportStatement = z.object({
  /** Whose results it is held against. */
  pipeline: Slug,
  /** `expert`, `novice` … */
  source: Slug,
  tool: z.string().trim().min(1).max(60),
  /** How long it took to make. */
  minutes: z.number().nonnegative().nullable(),
  author: z.string(),
  /** Of a reader's edit: the run whose result was changed. */
  edits: Sha256.optional(),
  /** Of a reader's edit: whose result was changed, `brain-lesion 1.0.0`; of an edit of an edit, of the first one. */
  from: z.string().optional(),
});
export type ImportStatement = z.infer<typeof ImportStatement>;

export interface ImportPlan {
  readonly pipeline: Pipeline;
  readonly StudyInstanceUID: z.infer<typeof Uid>;
  /** Of the one series that the segmentation lies on. */
  readonly instances: readonly RunInstance[];
  readonly imported: ObjectReference;
  readonly statement: ImportStatement;
  /** What the pipeline's model finds: the segmentation is measured in the same terms. */
  readonly structures: readonly Structure[];
  /** Structure → what it is called in the file: a label, the name of an ROI, a number. */
  readonly names: Readonly<Record<string, string>>;
  /** Of a reader's edit: the DICOM Segmentation of the result that was changed. */
  readonly edited?: ObjectReference;
}

/**
 * Plans the run that reads a segmentation which somebody made elsewhere, checks it against the images, measures it by the
 * same operators as the model's, and publishes it. An edit is also compared with what was edited, and must hold nothing
 * else than its structures. The same file with the same statement is the same run.
 */
export function planImport(plan: ImportPlan): { readonly id: string; readonly run: Run; readonly body: string } {
  const { pipeline, edited } = plan;
  const instances = [...plan.instances].sort((a, b) => (a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1));
  const what = edited === undefined ? 'Segmentation by hand' : 'Edited segmentation';
  const run: Run = {
    pipeline: { name: IMPORT_PIPELINE, version: '1.0.0', title: `${what} for ${pipeline.title}` },
    study: { StudyInstanceUID: plan.StudyInstanceUID, version: studyVersion(instances) },
    instances,
    notAdmitted: [],
    models: {},
    steps: stepsOf(plan),
    amends: null,
    replayOf: null,
    imported: plan.imported,
    ...(edited === undefined ? {} : { edited }),
  };
  const body = canonicalJson(run);
  return { id: sha256(body), run, body };
}

/** What was said of the segmentation that a run brings in; undefined where it brings in none. */
export function statementOf(run: Run): RunView['imported'] {
  const publishing = run.steps.find(({ operator }) => operator === 'publish-results')?.parameters;
  const parsed = ImportStatement.safeParse(publishing?.imported);
  if (run.imported === undefined || !parsed.success) return undefined;
  const { pipeline, source, author, edits = null } = parsed.data;
  return { pipeline, source, author, edits };
}

const READ = { images: 'dicom-reader.images', instances: 'run.instances' };
const FOUND = outputsOf('segmentation-reader');

function stepsOf({ pipeline, statement, structures, names, edited }: ImportPlan): Run['steps'] {
  const volumes = pipeline.steps.find(({ operator }) => operator === 'volume-calculator')?.parameters ?? {};
  const tool = `${statement.tool} (${statement.source})`;
  const whole = edited === undefined ? {} : { absent: 'empty', others: 'refused' };
  const published = {
    ...READ,
    ...FOUND,
    pixels: 'dicom-reader.pixels',
    selection: 'series-selector.selection',
    measurements: 'volume-calculator.measurements',
    seg: 'seg-writer.seg',
  };
  const compared = { comparison: 'compare-segmentation.comparison' };
  return [
    step('dicom-parser', { instances: 'run.instances' }),
    step('series-selector', { index: 'dicom-parser.index' }, { inputs: [{ name: 'image' }] }),
    step('dicom-reader', { instances: 'run.instances', selection: 'series-selector.selection' }, { kind: 'volumes' }),
    step('segmentation-reader', { ...READ, imported: 'run.imported' }, { structures, names, tool, ...whole }),
    ...(edited === undefined ? [] : comparison(structures)),
    step('volume-calculator', { images: READ.images, ...FOUND }, volumes),
    step('seg-writer', { ...READ, ...FOUND }, edited === undefined ? {} : namedFor(statement)),
    step('publish-results', edited === undefined ? published : { ...published, ...compared }, {
      imported: statement,
      longestSide: 640,
    }),
  ];
}

/** Edits of several readers stand beside each other in a viewer. */
function namedFor({ author }: ImportStatement) {
  return { seriesNumber: 9011, seriesDescription: `Edited by ${author}` };
}

/** What was edited, read onto the same images, and how far the edit is from it. */
function comparison(structures: readonly Structure[]): Run['steps'] {
  const original = 'original-reader';
  const { segmentation, labels } = outputsOf(original);
  return [
    {
      ...step('segmentation-reader', { ...READ, imported: 'run.edited' }, { structures, absent: 'empty' }),
      name: original,
    },
    step('compare-segmentation', { ...FOUND, original: segmentation, originalLabels: labels }),
  ];
}

function outputsOf(reader: string) {
  return { segmentation: `${reader}.segmentation`, labels: `${reader}.labels` };
}

function step(operator: string, inputs: Record<string, string>, parameters: Record<string, unknown> = {}) {
  const declared = { name: operator, operator, needs: [], when: [], inputs, models: {}, parameters };
  const whole = { ...declared, timeoutSeconds: 180, attempts: 4 };
  return { ...whole, needs: completeNeeds(whole) };
}

/**
 * What the pipeline's segmentation model finds; undefined where the pipeline has no such model.
 *
 * @throws {ModelNotHeldError} the store does not hold it yet
 */
export async function structuresOf(store: ObjectStore, pipeline: Pipeline): Promise<Structure[] | undefined> {
  for (const { name, version } of Object.values(pipeline.models)) {
    const held = await heldModel(store, name, version);
    if (held === undefined) throw new ModelNotHeldError(`The store holds no model ${name} ${version} yet.`);
    const card = ModelCard.parse(JSON.parse((await getVerified(store, held.card)).toString('utf8')));
    if (card.kind === 'segmentation') return card.structures;
  }
  return undefined;
}

/** A model that a pipeline names and the store does not hold. */
export class ModelNotHeldError extends Error {
  override readonly name = 'ModelNotHeldError';
}

/** What of an image a run must know. */
export interface StoredImage {
  readonly SOPInstanceUID: string;
  readonly SOPClassUID: string;
  readonly SeriesInstanceUID: string;
  /** In the bucket `dicom`. */
  readonly key: string;
  readonly sha256: string;
}

/** Images as a run names them. @throws {ObjectNotFoundError} one is not in the store */
export function runInstances(store: ObjectStore, images: readonly StoredImage[]): Promise<RunInstance[]> {
  return Promise.all(
    images.map(async ({ SOPInstanceUID, SOPClassUID, SeriesInstanceUID, key, sha256: digest }) => {
      const size = (await store.stat('dicom', key))?.size;
      if (size === undefined) throw new ObjectNotFoundError('dicom', key);
      const object = { bucket: 'dicom' as const, key, sha256: digest, size, contentType: 'application/dicom' };
      return { SOPInstanceUID, SOPClassUID, SeriesInstanceUID, object };
    }),
  );
}
