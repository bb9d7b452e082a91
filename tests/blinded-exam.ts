import { instanceKey } from '../lib/archive/keys.ts';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { examOf } from '../lib/dicom/made/exam.ts';
import { writeSegmentation } from '../lib/dicom/seg/write.ts';
import { deriveUid } from '../lib/dicom/uid.ts';
import { canonicalJson, sha256 } from '../lib/runs/canonical.ts';
import { planImport, runInstances } from '../lib/runs/import.ts';
import { attemptPrefix, cardKey, endKey, manifestKey, resultKey, weightsKey } from '../lib/runs/keys.ts';
import { planRun } from '../lib/runs/plan.ts';
import { submitRun } from '../lib/runs/submit.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import { gridOf } from '../phantoms/volume.ts';
import { seriesToDicom } from '../phantoms/volume-dicom.ts';
import type { Manifest } from '../schemas/manifest.ts';
import { SegmentationModelCard } from '../schemas/model.ts';
import { Pipeline } from '../schemas/pipeline.ts';
import type { SegmentationResult } from '../schemas/result.ts';
import type { Run } from '../schemas/run.ts';
import type { Structure, VolumeSet } from '../schemas/volume.ts';
import { projectRun } from '../web/projection/project.ts';
import { drawSlice } from '../web/testing/phantom.ts';
import { LIVER_PIPELINE } from '../web/testing/pipelines.ts';
import type { World } from '../web/testing/world.ts';
import { takeIn } from './viewed-exam.ts';

/** Who made a segmentation of the test, and how: none of it may reach a reader. */
export interface Maker {
  readonly source: string;
  readonly author: string;
  readonly tool: string;
  readonly minutes: number;
  readonly colour: string;
}

export const MAKERS: readonly Maker[] = [
  { source: 'model', author: '', tool: 'Liver lobes by a network', minutes: 0, colour: '#112233' },
  { source: 'expert', author: 'profalice', tool: 'ToolOfExpert', minutes: 41, colour: '#aa0000' },
  { source: 'novice', author: 'studentbo', tool: 'ToolOfNovice', minutes: 73, colour: '#00bb00' },
];

/** An exam with a segmentation by each maker. */
export interface BlindedExam {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  /** Source → run. */
  readonly runs: ReadonlyMap<string, string>;
  /** Source → its DICOM Segmentation. */
  readonly segmentations: ReadonlyMap<string, Buffer>;
}

const SIZE = [64, 64, 16] as const;
const MODEL = { name: 'liver-lobes', version: '1.0.0' } as const;

/** A pipeline as `LIVER_PIPELINE`, with the step that knows the images. */
const PIPELINE = Pipeline.parse({
  ...LIVER_PIPELINE,
  steps: [
    { name: 'dicom-reader', operator: 'dicom-reader' },
    { name: 'infer', operator: 'infer-segmentation', needs: ['dicom-reader'], models: { model: 'model' } },
    { name: 'publish', operator: 'publish-results', needs: ['infer'] },
  ],
});

/** Puts an exam with the segmentations of these makers into the archive, the store and the projection. */
export async function makeBlindedExam(
  world: Pick<World, 'store' | 'database'>,
  { seed, makers = MAKERS }: { readonly seed: string; readonly makers?: readonly Maker[] },
): Promise<BlindedExam> {
  const { store } = world;
  const structures = await holdModel(store);
  const grid = gridOf({ size: SIZE, spacing: [4, 4, 6] });
  const inside = (at: number, radius: number) => {
    const [i, j, k] = [at % SIZE[0], Math.floor(at / SIZE[0]) % SIZE[1], Math.floor(at / SIZE[0] / SIZE[1])];
    return Math.hypot((i - 30) * 4, (j - 32) * 4, (k - 8) * 6) < radius;
  };
  const count = SIZE[0] * SIZE[1] * SIZE[2];
  const images = [
    ...seriesToDicom({
      exam: { seed, patient: 43, name: 'Blinded', studyDate: '20260105', studyDescription: 'Phantom of a liver' },
      number: 2,
      description: 'Portal venous',
      bodyPart: 'ABDOMEN',
      acquisition: { modality: 'CT' },
      volume: {
        grid,
        values: Int16Array.from({ length: count }, (_, at) => (inside(at, 40) ? 160 : 20 + ((at * 7) % 30))),
      },
    }),
  ];
  await takeIn(world, images);
  const datasets = images.map((bytes) => ({ bytes, dataset: readPart10(bytes).dataset }));
  const sources = datasets.map(({ dataset }) => ({
    SOPClassUID: dataset.text('SOPClassUID') ?? '',
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '',
  }));
  const [first] = datasets;
  if (first === undefined) throw new Error('The phantom has no image.');
  const exam = examOf(first.dataset);
  const { StudyInstanceUID, SeriesInstanceUID } = exam;
  const stored = datasets.map(({ bytes }, index) => ({
    ...(sources[index] ?? { SOPClassUID: '', SOPInstanceUID: '' }),
    SeriesInstanceUID,
    key: instanceKey({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: sources[index]?.SOPInstanceUID ?? '' }),
    sha256: sha256(bytes),
  }));
  const instances = await runInstances(store, stored);
  const set: VolumeSet = {
    kind: 'volumes',
    volumes: [
      {
        input: 'ct',
        file: 'ct.nii',
        StudyInstanceUID,
        SeriesInstanceUID,
        FrameOfReferenceUID: exam.FrameOfReferenceUID ?? null,
        Modality: 'CT',
        grid,
        slices: stored.map(({ SOPClassUID, SOPInstanceUID, sha256: digest }) => ({
          sha256: digest,
          SOPClassUID,
          SOPInstanceUID,
          frame: 1,
        })),
        units: 'HU',
        lossy: false,
        notes: [],
      },
    ],
    leftOut: [],
  };
  const runs = new Map<string, string>();
  const segmentations = new Map<string, Buffer>();
  for (const [index, maker] of makers.entries()) {
    const radius = 34 + 4 * index;
    const labels = Uint8Array.from({ length: count }, (_, at) => {
      if (inside(at, 8 + index)) return 3;
      return inside(at, radius) ? (at % SIZE[0] < 28 ? 1 : 2) : 0;
    });
    const seg = writeSegmentation({
      exam,
      made: {
        SOPInstanceUID: deriveUid(seed, maker.source),
        SeriesInstanceUID: deriveUid(seed, maker.source, 'series'),
        seriesNumber: 9001 + index,
        seriesDescription: `Made by ${maker.tool}`,
        at: `2026-01-0${5 + index}T09:00:00.000Z`,
        softwareVersions: [maker.tool],
      },
      algorithm: {
        type: maker.source === 'model' ? 'AUTOMATIC' : 'SEMIAUTOMATIC',
        name: maker.tool,
        version: '7.7.7',
        parameters: maker.author,
      },
      grid,
      slices: sources,
      sources,
      segments: (index === 1 ? structures.toReversed() : structures).map((structure) => ({
        label: structure.title,
        category: structure.category,
        type: structure.type,
        colour: maker.colour,
        voxels: labels,
        value: structure.label,
        trackingUid: deriveUid(seed, maker.source, structure.name),
      })),
    });
    segmentations.set(maker.source, seg);
    const planned =
      maker.source === 'model'
        ? planRun({ pipeline: PIPELINE, StudyInstanceUID, instances, notAdmitted: [], models: {} })
        : planImport({
            pipeline: LIVER_PIPELINE,
            StudyInstanceUID,
            instances,
            imported: await store.put('feedback', `imports/${sha256(seg)}`, seg, 'application/dicom'),
            structures,
            names: {},
            statement: { pipeline: LIVER_PIPELINE.name, ...maker },
          });
    await submitRun(store, planned, { kind: 'person', by: maker.author || 'route', at: new Date().toISOString() });
    await putManifest(store, planned, set);
    const measured = structures.map(({ name, title, label }) => {
      const voxels = labels.reduce((sum, value) => sum + (value === label ? 1 : 0), 0);
      return { name, title, voxels, volumeMl: voxels * 0.096, complete: true };
    });
    const key = `${planned.run.pipeline.name}/${planned.id}/liver.seg.dcm`;
    await store.put('results', key, seg, 'application/dicom');
    const result: SegmentationResult = {
      run: planned.id,
      pipeline: planned.run.pipeline.name,
      pipelineVersion: planned.run.pipeline.version,
      studyInstanceUid: StudyInstanceUID,
      models: [],
      publishedAt: `2026-01-0${5 + index}T10:00:00.000Z`,
      kind: 'segmentation',
      seriesInstanceUid: SeriesInstanceUID,
      frameOfReferenceUid: exam.FrameOfReferenceUID ?? null,
      studyDate: '20260105',
      structures: measured,
      objects: { seg: key },
      previews: [await preview(store, planned)],
      notes: [`Drawn with ${maker.tool}.`],
      ...(maker.source === 'model'
        ? {}
        : { imported: { pipeline: LIVER_PIPELINE.name, ...maker, at: '2026-01-06T10:00:00.000Z' } }),
    };
    await putJson(store, 'results', resultKey(planned.run.pipeline.name, planned.id), result);
    const end = { status: 'succeeded', reason: null, step: null, endedAt: new Date().toISOString(), retries: 0 };
    await putJson(store, 'runs', endKey(planned.id), end);
    await projectRun(store, world.database, planned.id);
    runs.set(maker.source, planned.id);
  }
  return { StudyInstanceUID, SeriesInstanceUID, runs, segmentations };
}

async function preview(store: ObjectStore, { id, run }: { id: string; run: Run }) {
  const png = `${run.pipeline.name}/${id}/preview-1.png`;
  await store.put('results', png, await drawSlice(64, 64), 'image/png');
  return { png, rows: 64, columns: 64, title: 'Axial' };
}

async function putManifest(store: ObjectStore, { id }: { id: string }, set: VolumeSet): Promise<void> {
  const key = `${attemptPrefix(id, 'dicom-reader', 1)}images.json`;
  const images = await store.put('runs', key, Buffer.from(canonicalJson(set)), 'application/json');
  const at = '2026-01-05T09:30:00.000Z';
  const manifest: Manifest = {
    run: id,
    step: 'dicom-reader',
    operator: 'dicom-reader',
    operatorVersion: '1.0.0',
    inputDigest: 'a'.repeat(64),
    attempt: 1,
    startedAt: at,
    finishedAt: at,
    outputs: { images: [images] },
    data: {},
    timings: { fetchMs: 1, computeMs: 1, storeMs: 1 },
    device: { kind: 'cpu', name: 'Test processor', threads: 2 },
  };
  await putJson(store, 'runs', manifestKey(id, 'dicom-reader'), manifest);
}

/** The liver model of this clone, without its weights. @returns what it finds */
async function holdModel(store: ObjectStore): Promise<readonly Structure[]> {
  const { default: file } = await import('../models/liver-lobes/model.json', { with: { type: 'json' } });
  const card = SegmentationModelCard.parse({ ...file, ...MODEL });
  await putJson(store, 'models', cardKey(MODEL.name, MODEL.version), card);
  await store.put('models', weightsKey(MODEL.name, MODEL.version, card.file), Buffer.from('weights'));
  return card.structures;
}

async function putJson(store: ObjectStore, bucket: 'runs' | 'results' | 'models', key: string, value: object) {
  await store.put(bucket, key, Buffer.from(canonicalJson(value)), 'application/json');
}
