/** A small world for the tests of operators: a store in a fresh folder, a run in it, steps done in this process. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { writePart10 } from '../../lib/dicom/write.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import { runKey } from '../../lib/runs/keys.ts';
import { planRun, type RunPlan } from '../../lib/runs/plan.ts';
import { openStore } from '../../lib/store/open.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { Manifest } from '../../schemas/manifest.ts';
import { ModelCard } from '../../schemas/model.ts';
import { Pipeline } from '../../schemas/pipeline.ts';
import type { Run, RunInstance, RunModel } from '../../schemas/run.ts';
import type { Operator } from './define.ts';
import { ModelCache } from './models.ts';
import { runStep } from './step.ts';

export const CR = '1.2.840.10008.5.1.4.1.1.1';
const STUDY = '2.25.100';

/** A store in a folder of its own, which is gone after the test. */
export async function temporaryStore(): Promise<ObjectStore> {
  const folder = await mkdtemp(path.join(tmpdir(), 'overread-operator-'));
  const store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  onTestFinished(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return store;
}

/** A radiograph of `columns × rows` with two bright rectangles on a dark ground, as a Part 10 file. */
export function radiograph(elements: Parameters<typeof writePart10>[0] = {}, columns = 400, rows = 300): Buffer {
  const pixels = new Uint16Array(rows * columns).fill(100);
  for (const [left, right] of [
    [0.125, 0.25],
    [0.75, 0.875],
  ] as const) {
    for (let row = Math.round(rows / 3); row < rows / 1.5; row++) {
      pixels.fill(4000, row * columns + left * columns, row * columns + right * columns);
    }
  }
  return writePart10({
    SOPClassUID: CR,
    SOPInstanceUID: '2.25.1',
    StudyInstanceUID: STUDY,
    SeriesInstanceUID: '2.25.10',
    Modality: 'CR',
    BodyPartExamined: 'PELVIS',
    PatientOrientation: ['L', 'F'],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: pixels,
    ...elements,
  });
}

/** What a run is made of in a test; steps as a pipeline file has them. */
export interface RunSketch {
  readonly steps: readonly unknown[];
  readonly files?: readonly Uint8Array[];
  readonly notAdmitted?: Run['notAdmitted'];
  readonly models?: RunPlan['models'];
}

/** Stores a run and its instances. Every file gets a SOPInstanceUID by its place, whatever is in it. */
export async function storeRun(store: ObjectStore, sketch: RunSketch): Promise<string> {
  const files = sketch.files ?? [];
  const instances: RunInstance[] = await Promise.all(
    files.map(async (bytes, index) => ({
      SOPInstanceUID: `2.25.${index + 1}`,
      SOPClassUID: CR,
      SeriesInstanceUID: '2.25.10',
      object: await store.put('dicom', `studies/${STUDY}/${index}.dcm`, bytes, 'application/dicom'),
    })),
  );
  const pipeline = Pipeline.parse({
    name: 'test',
    version: '1.0.0',
    title: 'Test pipeline',
    calledAETitle: 'TEST',
    quietSeconds: 1,
    admits: { SOPClassUID: [CR] },
    steps: sketch.steps,
  });
  const planned = planRun({
    pipeline,
    StudyInstanceUID: STUDY,
    instances,
    notAdmitted: sketch.notAdmitted ?? [],
    models: sketch.models ?? {},
  });
  await store.put('runs', runKey(planned.id), Buffer.from(planned.body), 'application/json');
  return planned.id;
}

/** Stores a model from its folder. */
export async function storeModel(store: ObjectStore, folder: string): Promise<RunModel> {
  const cardBytes = await readFile(path.join(folder, 'model.json'));
  const card = ModelCard.parse(JSON.parse(cardBytes.toString('utf8')));
  const weights = await readFile(path.join(folder, card.file));
  return {
    name: card.name,
    version: card.version,
    sha256: sha256(weights),
    card: await store.put('models', `${card.name}/model.json`, cardBytes),
    weights: await store.put('models', `${card.name}/${card.file}`, weights),
  };
}

/** Does a step in this process, as its function would. */
export function doStep(
  store: ObjectStore,
  operator: Operator,
  run: string,
  options: { step?: string; attempt?: number; signal?: AbortSignal } = {},
): Promise<Manifest> {
  const { step = operator.name, attempt, signal = new AbortController().signal } = options;
  const log = pino({ level: 'silent' });
  return runStep(operator, { run, step, attempt, signal }, { store, models: new ModelCache(store), log });
}
