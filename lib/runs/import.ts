import { z } from 'zod';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { Run, RunInstance } from '../../schemas/run.ts';
import { Slug, type Uid } from '../../schemas/scalars.ts';
import type { ObjectReference } from '../../schemas/store.ts';
import type { Structure } from '../../schemas/volume.ts';
import { canonicalJson, sha256 } from './canonical.ts';
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
}

/**
 * Plans the run that reads a segmentation which somebody made elsewhere, checks it against the images, measures it by the
 * same operators as the model's, and publishes it. The same file with the same statement is the same run.
 */
export function planImport(plan: ImportPlan): { readonly id: string; readonly run: Run; readonly body: string } {
  const { pipeline, statement } = plan;
  const instances = [...plan.instances].sort((a, b) => (a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1));
  const run: Run = {
    pipeline: { name: IMPORT_PIPELINE, version: '1.0.0', title: `Segmentation by hand for ${pipeline.title}` },
    study: { StudyInstanceUID: plan.StudyInstanceUID, version: studyVersion(instances) },
    instances,
    notAdmitted: [],
    models: {},
    steps: stepsOf(plan),
    amends: null,
    replayOf: null,
    imported: plan.imported,
  };
  const body = canonicalJson(run);
  return { id: sha256(body), run, body };

  function stepsOf({ structures, names }: ImportPlan): Run['steps'] {
    const volumes = pipeline.steps.find(({ operator }) => operator === 'volume-calculator')?.parameters ?? {};
    const parser = 'dicom-parser';
    const read = { images: 'dicom-reader.images', instances: 'run.instances' };
    const found = { segmentation: 'segmentation-reader.segmentation', labels: 'segmentation-reader.labels' };
    return [
      step(parser, { instances: 'run.instances' }),
      step('series-selector', { index: `${parser}.index` }, { inputs: [{ name: 'image' }] }),
      step('dicom-reader', { instances: 'run.instances', selection: 'series-selector.selection' }, { kind: 'volumes' }),
      step(
        'segmentation-reader',
        { ...read, imported: 'run.imported' },
        { structures, names, tool: `${statement.tool} (${statement.source})` },
      ),
      step('volume-calculator', { images: read.images, ...found }, volumes),
      step('seg-writer', { ...read, ...found }),
      step(
        'publish-results',
        {
          ...read,
          ...found,
          pixels: 'dicom-reader.pixels',
          selection: 'series-selector.selection',
          measurements: 'volume-calculator.measurements',
          seg: 'seg-writer.seg',
        },
        { imported: statement, longestSide: 640 },
      ),
    ];
  }
}

function step(operator: string, inputs: Record<string, string>, parameters: Record<string, unknown> = {}) {
  const declared = { name: operator, operator, needs: [], when: [], inputs, models: {}, parameters };
  const whole = { ...declared, timeoutSeconds: 180, attempts: 4 };
  return { ...whole, needs: completeNeeds(whole) };
}
