/** The steps of both segmentation pipelines, one after another in this process, with a stand-in for the model. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { readNifti } from '../lib/imaging/nifti.ts';
import { ProblemError } from '../lib/platform/problem.ts';
import { parsePipeline } from '../lib/runs/pipelines.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import { type PhantomSeries, seriesToDicom } from '../phantoms/volume-dicom.ts';
import { DeliveryRequest } from '../schemas/delivery.ts';
import type { Manifest } from '../schemas/manifest.ts';
import { SegmentationResult } from '../schemas/result.ts';
import { brain, LESION_ML, liver } from '../tests/end-to-end/segmentation-exams.ts';
import { dicomParser } from './dicom-parser/operator.ts';
import { dicomReader } from './dicom-reader/operator.ts';
import { inferSegmentation } from './infer-segmentation/operator.ts';
import { doStep, storeModel, storeRun, temporaryStore } from './operator/world.fixture.ts';
import { postprocess } from './postprocess/operator.ts';
import { preprocess } from './preprocess/operator.ts';
import { publishResults } from './publish-results/operator.ts';
import { registerResults } from './register-results/operator.ts';
import { reportWriter } from './report-writer/operator.ts';
import { rtstructWriter } from './rtstruct-writer/operator.ts';
import { segWriter } from './seg-writer/operator.ts';
import { seriesSelector } from './series-selector/operator.ts';
import { volumeCalculator } from './volume-calculator/operator.ts';

const OPERATORS = [
  dicomParser,
  seriesSelector,
  dicomReader,
  preprocess,
  inferSegmentation,
  postprocess,
  volumeCalculator,
  segWriter,
  rtstructWriter,
  reportWriter,
  publishResults,
  registerResults,
];
const BRAIN = 'brain-tumor-segmentation';
const LIVER = 'liver-transplant-segmentation';
/** Of one run: every step of it works on pixels. */
const LIMIT_MS = 120_000;
type Name = typeof BRAIN | typeof LIVER;

afterAll(() => inferSegmentation.close?.());

function pipelineOf(name: Name) {
  const file = path.join(import.meta.dirname, '../pipelines', name, 'pipeline.yaml');
  return parsePipeline(readFileSync(file, 'utf8'), file);
}

/** Runs a pipeline over series; ends early where a step refuses. */
async function runPipeline(name: Name, series: readonly PhantomSeries[]) {
  const store = await temporaryStore();
  const fixture = path.join(import.meta.dirname, 'operator/fixture', name === BRAIN ? 'brain' : 'liver');
  const files = series.flatMap((one) => [...seriesToDicom(one)]);
  const { steps } = pipelineOf(name);
  const run = await storeRun(store, { steps, files, models: { segmenter: await storeModel(store, fixture) } });
  const manifests: Manifest[] = [];
  for (const { name: step, operator } of steps) {
    const found = OPERATORS.find((candidate) => candidate.name === operator);
    if (found === undefined) throw new Error(`no operator ${operator}`);
    manifests.push(await doStep(store, found, run, { step }));
  }
  const json = async (step: string, output: string): Promise<unknown> => {
    const reference = manifests.find((manifest) => manifest.step === step)?.outputs[output]?.[0];
    return JSON.parse((await store.get(reference?.bucket ?? 'runs', reference?.key ?? '')).toString('utf8'));
  };
  const result = SegmentationResult.parse(await json('publish-results', 'result'));
  return { store, run, manifests, result, json };
}

/** The problem that ends a run which cannot go on. */
async function refusal(name: Name, series: readonly PhantomSeries[]) {
  const refused = await runPipeline(name, series).catch((error: unknown) => error);
  if (!(refused instanceof ProblemError)) throw new Error('the run was not refused', { cause: refused });
  return refused.problem;
}

/** Three sections through what was found, with square pixels. */
async function expectPictures(store: ObjectStore, { previews }: SegmentationResult) {
  expect(previews.map(({ title }) => title)).toEqual(
    ['Axial', 'Coronal', 'Sagittal'].map((name) => `${name}, where most is outlined`),
  );
  for (const { png, rows, columns } of previews) {
    const picture = await sharp(await store.get('results', png)).metadata();
    expect([picture.height, picture.width]).toEqual([rows, columns]);
  }
}

/** What identifies a person is in no key and in no JSON. */
async function expectNobody(store: ObjectStore) {
  for (const bucket of ['runs', 'results'] as const) {
    for await (const { key } of store.list(bucket, '')) {
      const text = key.endsWith('.json') ? (await store.get(bucket, key)).toString('latin1') : '';
      expect(key + text, key).not.toMatch(/PHANTOM-|Phantom\^/);
    }
  }
}

describe('brain-tumor-segmentation', { timeout: LIMIT_MS }, () => {
  it('measures the lesion, publishes every object where the contract says, and names nobody', async () => {
    const { result, manifests, store, run, json } = await runPipeline(BRAIN, [brain()]);
    expect(manifests.map(({ step }) => step)).toEqual(pipelineOf(BRAIN).steps.map(({ name }) => name));
    const [lesion] = result.structures;
    expect(lesion).toMatchObject({ name: 'lesion', complete: true });
    expect(Math.abs((lesion?.volumeMl ?? 0) / LESION_ML - 1)).toBeLessThan(0.08);
    expect(result.studyDate).toBe('20240305');
    expect(result.notes).toEqual([]);
    expect(Object.keys(result.objects).sort()).toEqual(['capture', 'labels', 'report', 'rtstruct', 'seg']);
    for (const [kind, key] of Object.entries(result.objects)) {
      expect(key).toBe(`test/${run}/test.${kind === 'labels' ? 'nii.gz' : `${kind}.dcm`}`);
      expect((await store.get('results', key)).length).toBeGreaterThan(500);
    }
    const labels = readNifti(gunzipSync(await store.get('results', result.objects.labels ?? '')));
    expect(labels.values.filter((label) => label === 3)).toHaveLength(lesion?.voxels ?? -1);
    const request = DeliveryRequest.parse(await json('register-results', 'request'));
    expect(request.objects.map(({ object }) => object.key).sort()).toEqual(
      Object.values(result.objects)
        .filter((key) => key.endsWith('.dcm'))
        .sort(),
    );
    for (const { object } of request.objects) await store.get('results', object.key);
    await expectPictures(store, result);
    await expectNobody(store);
  });

  it.each<[string, () => PhantomSeries[], RegExp]>([
    [
      'another contrast by its name',
      () => [brain({ description: 'T1 MPRAGE GD' })],
      /no series that can be read as a 3-D FLAIR of the whole brain\. SeriesDescription is "T1 MPRAGE GD"/,
    ],
    [
      'another contrast by how it was made',
      () => [brain({ acquisition: { modality: 'MR', repetitionTime: 2000, echoTime: 3, scanningSequence: 'GR' } })],
      /EchoTime is 3: a FLAIR has an echo time of 50 ms or more/,
    ],
    [
      'what is no brain by its pixels',
      () => [
        brain({ volume: { grid: brain().volume.grid, values: new Int16Array(64 * 72 * 44).fill(900).fill(0, 0, 9) } }),
      ],
      /By its pixels the exam is not what the model "Bright voxels of the brain \(test fixture\)" was made for/,
    ],
    [
      'half an exam',
      () => [brain({ spacing: [3, 3, 1.2] })],
      /extentMm is 52.8: a whole brain needs 110 mm of slices or more; part of the exam may be missing\./,
    ],
  ])('refuses %s', async (_, series, message) => {
    const problem = await refusal(BRAIN, series());
    expect(problem.detail).toMatch(message);
    expect(problem.outOfScope).toBe(true);
  });
});

describe('liver-transplant-segmentation', { timeout: LIMIT_MS }, () => {
  it('measures both lobes and the vessels, and what part of the liver each lobe is', async () => {
    const { result } = await runPipeline(LIVER, [liver()]);
    const byName = Object.fromEntries(result.structures.map((structure) => [structure.name, structure]));
    expect(Object.keys(byName)).toEqual(['left-lobe', 'right-lobe', 'vessels']);
    expect(byName['left-lobe']?.percentOfTotal).toBeCloseTo(50, 0);
    expect(byName.vessels?.percentOfTotal).toBeUndefined();
    // 80 × 100 × 120 mm, give or take half a voxel on each side.
    expect(Math.abs((byName['left-lobe']?.volumeMl ?? 0) / 960 - 1)).toBeLessThan(0.1);
  });

  it.each<[string, () => PhantomSeries[], RegExp]>([
    [
      'an exam without contrast agent',
      () => [liver({ contrastAgent: 'NONE' })],
      /contrast is "none": a contrast agent is needed/,
    ],
    [
      'another phase',
      () => [liver({ description: 'ARTERIAL' })],
      /SeriesDescription is "ARTERIAL": the model reads the portal-venous phase/,
    ],
    [
      'another organ',
      () => [liver({ bodyPart: 'CHEST', exam: { ...liver().exam, studyDescription: 'THORAX' } })],
      /BodyPartExamined is "CHEST"/,
    ],
  ])('refuses %s', async (_, series, message) => {
    const problem = await refusal(LIVER, series());
    expect(problem.detail).toMatch(message);
    expect(problem.outOfScope).toBe(true);
  });
});
