/** The pipeline's own steps, one after another in this process, with a stand-in for the model. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { ProblemError } from '../lib/platform/problem.ts';
import { parsePipeline } from '../lib/runs/pipelines.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import type { Manifest } from '../schemas/manifest.ts';
import { DetectionResult } from '../schemas/result.ts';
import { dicomParser } from './dicom-parser/operator.ts';
import { dicomReader } from './dicom-reader/operator.ts';
import { inferDetection } from './infer-detection/operator.ts';
import { CR, doStep, radiograph, storeModel, storeRun, temporaryStore } from './operator/world.fixture.ts';
import { preprocess } from './preprocess/operator.ts';
import { publishResults } from './publish-results/operator.ts';
import { registerResults } from './register-results/operator.ts';
import { reportWriter } from './report-writer/operator.ts';
import { seriesSelector } from './series-selector/operator.ts';

const OPERATORS = [
  dicomParser,
  seriesSelector,
  dicomReader,
  preprocess,
  inferDetection,
  reportWriter,
  publishResults,
  registerResults,
];
const FIXTURE = path.join(import.meta.dirname, 'infer-detection/fixture');
const PIPELINE_FILE = path.join(import.meta.dirname, '../pipelines/hip-fracture-detection/pipeline.yaml');
const REAL = path.join(import.meta.dirname, '../../shared/data/08-hip-xray/wg04');

afterAll(() => inferDetection.close?.());

const pipeline = parsePipeline(readFileSync(PIPELINE_FILE, 'utf8'), PIPELINE_FILE);

/** Runs the pipeline over files; ends early where a step refuses. */
async function runPipeline(files: readonly Uint8Array[], store?: ObjectStore) {
  const used = store ?? (await temporaryStore());
  const models = { detector: await storeModel(used, FIXTURE) };
  const notAdmitted = files.length === 0 ? [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', instances: 1 }] : [];
  const run = await storeRun(used, { steps: pipeline.steps, files, models, notAdmitted });
  const manifests: Manifest[] = [];
  for (const operator of OPERATORS) manifests.push(await doStep(used, operator, run));
  const published = manifests.find(({ step }) => step === 'publish-results');
  const key = published?.outputs.result?.[0]?.key ?? '';
  const result = DetectionResult.parse(JSON.parse((await used.get('results', key)).toString('utf8')));
  return { store: used, run, manifests, result };
}

/** The problem that ends a run which cannot go on. */
async function refusal(files: readonly Uint8Array[]) {
  const refused = await runPipeline(files).catch((error: unknown) => error);
  if (!(refused instanceof ProblemError)) throw new Error('the run was not refused', { cause: refused });
  return refused.problem;
}

describe('hip-fracture-detection', () => {
  it('finds both hips, in pixels of the stored image, on the patient’s sides', async () => {
    const { result, manifests } = await runPipeline([radiograph()]);
    expect(manifests.map(({ step }) => step)).toEqual(pipeline.steps.map(({ name }) => name));
    expect(manifests[4]?.device).toMatchObject({ kind: 'cpu', threads: expect.any(Number) });
    const [image] = result.images;
    expect(image?.hips.map(({ side, sideSource }) => [side, sideSource])).toEqual([
      ['right', 'stated'],
      ['left', 'stated'],
    ]);
    // The rectangle spans columns 50..100 and rows 100..200; the fixture sees it in pixels of 6.25.
    const [box] = (image?.hips ?? []).map((hip) => hip.box);
    [50, 100, 100, 200].forEach((edge, index) => {
      expect(Math.abs((box?.[index] ?? 0) - edge), `edge ${index}`).toBeLessThanOrEqual(6.25);
    });
    expect(result.summary.sides.map(({ side }) => side)).toEqual(['right', 'left']);
    expect(result.summary.qualityReview).toEqual([]);
  });

  it('reads inverted, signed and mirrored images as the same hips', async () => {
    const plain = await runPipeline([radiograph()]);
    const inverted = radiograph({ PhotometricInterpretation: 'MONOCHROME1', PixelData: invertedPixels() });
    const shifted = radiograph({ PixelRepresentation: 1, PixelData: signedPixels() });
    const mirrored = radiograph({ PatientOrientation: ['R', 'F'] });
    const boxes = (result: DetectionResult) => result.images[0]?.hips.map(({ box }) => box);
    for (const file of [inverted, shifted]) {
      expect(boxes((await runPipeline([file])).result)).toEqual(boxes(plain.result));
    }
    const { result } = await runPipeline([mirrored]);
    expect(boxes(result)).toEqual(boxes(plain.result));
    expect(result.images[0]?.hips.map(({ side }) => side)).toEqual(['left', 'right']);
    expect(result.images[0]?.notes.join()).toContain('stored mirrored');
  });

  it('makes several images of a series of several instances, and sends a contradiction to review', async () => {
    const second = radiograph({ SOPInstanceUID: '2.25.2', InstanceNumber: 2, ImageLaterality: 'L' });
    const { result } = await runPipeline([radiograph({ InstanceNumber: 1 }), second]);
    expect(result.images.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual(['2.25.1', '2.25.2']);
    expect(result.images[1]?.hips.map(({ side, sideSource }) => `${side} ${sideSource}`)).toEqual([
      'null contradictory',
      'null contradictory',
    ]);
    expect(result.summary.qualityReview).toEqual([
      'The image is said to show the left side only, but 2 hips were found on it.',
    ]);
    expect(result.summary.sides.map(({ side, images }) => [side, images])).toEqual([
      ['right', 1],
      ['left', 1],
      [null, 1],
    ]);
  });

  it('goes on with the readable images and says what it left out', async () => {
    const whole = radiograph({ SOPInstanceUID: '2.25.2' });
    const { result } = await runPipeline([whole.subarray(0, 5000), whole]);
    expect(result.images).toHaveLength(1);
    expect(result.summary.qualityReview.join()).toContain('An image was left out: The file is truncated');
  });

  it('publishes the report and its page as DICOM', async () => {
    const { result, store } = await runPipeline([radiograph()]);
    expect(Object.keys(result.objects).sort()).toEqual(['capture', 'report']);
    for (const key of Object.values(result.objects)) {
      const { meta } = readPart10(await store.get('results', key));
      expect(meta.MediaStorageSOPClassUID).toMatch(/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(88\.34|7)$/);
    }
  });

  it('publishes a picture and the grey values of each image', async () => {
    const { result, store } = await runPipeline([radiograph({}, 2000, 1500)]);
    const preview = result.images[0]?.preview;
    expect([preview?.columns, preview?.rows]).toEqual([1280, 960]);
    const png = await sharp(await store.get('results', preview?.png ?? '')).metadata();
    expect([png.format, png.width, png.height]).toEqual(['png', 1280, 960]);
    const grey = gunzipSync(await store.get('results', preview?.gray16 ?? ''));
    expect(grey.length).toBe(1280 * 960 * 2);
    expect(new Uint16Array(grey.buffer, grey.byteOffset, 1)[0]).toBe(100);
    expect(preview?.window).toEqual({ low: 100, high: 4000 });
  });

  it('gives the same bytes when it is done again', async () => {
    const store = await temporaryStore();
    const first = await runPipeline([radiograph()], store);
    const digests = () =>
      first.manifests.map(({ outputs }) =>
        Object.values(outputs)
          .flat()
          .map(({ sha256 }) => sha256),
      );
    const before = digests();
    for (const operator of OPERATORS) {
      const again = await doStep(store, { ...operator, version: '9.9.9' }, first.run);
      const at = OPERATORS.indexOf(operator);
      const outputs = Object.values(again.outputs)
        .flat()
        .map(({ sha256 }) => sha256);
      // Report, result and request name when their inputs were there, which is another moment now.
      const tellsTime = [reportWriter, publishResults, registerResults].includes(operator);
      if (!tellsTime) expect(outputs, operator.name).toEqual(before[at]);
    }
  });

  it.each<[string, () => readonly Uint8Array[], boolean, RegExp]>([
    [
      'nothing that is admitted',
      () => [],
      true,
      /The study holds 1 CT Image Storage instance; "Test pipeline" reads none of that\./,
    ],
    [
      'a chest by its header',
      () => [radiograph({ BodyPartExamined: 'CHEST' })],
      true,
      /BodyPartExamined is "CHEST": only radiographs of the pelvis or hip are read\./,
    ],
    [
      'a chest relabelled PELVIS',
      () => [radiograph({ PixelData: brightPixels() })],
      true,
      /By its pixels the image is not what the model ".*" was made for: the score is 0\.\d\d/,
    ],
    [
      'a truncated file',
      () => [radiograph().subarray(0, 5000)],
      false,
      /The one instance cannot be read\. The file is truncated/,
    ],
    ['a file that is no DICOM', () => [Buffer.from('hello, this is no DICOM file at all')], false, /cannot be read/],
    ['an instance without pixels', () => [radiograph({ PixelData: undefined })], true, /The image holds no pixels/],
    [
      'an absurd claim of size',
      () => [radiograph({ Rows: 65535, Columns: 65535 })],
      true,
      /Rows is 65535: only images of 128 to 12000 rows/,
    ],
    [
      'fewer pixels than claimed',
      () => [radiograph({ Rows: 4000, Columns: 4000 })],
      false,
      /The image cannot be decoded\./,
    ],
    [
      'a workstation’s picture',
      () => [radiograph({ ConversionType: 'WSD' })],
      true,
      /ConversionType is "WSD": images made on a workstation/,
    ],
    ['a coloured picture', () => [radiograph(colour())], true, /The image is no radiograph\. It is a colour picture\./],
  ])('refuses %s', async (_, files, outOfScope, message) => {
    const problem = await refusal(files());
    expect(problem.detail).toMatch(message);
    expect(problem.outOfScope ?? false).toBe(outOfScope);
  });

  it('keeps what identifies a person out of everything it writes', async () => {
    const { store, run } = await runPipeline([radiograph({ PatientName: 'Doe^Jane', PatientID: 'ID4711' })]);
    for (const bucket of ['runs', 'results'] as const) {
      for await (const { key } of store.list(bucket, '')) {
        if (!key.endsWith('.json')) continue;
        expect((await store.get(bucket, key)).toString('latin1'), key).not.toMatch(/Doe|4711/);
      }
    }
    expect(run).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe.skipIf(!existsSync(REAL))('a real hip in three encodings', { timeout: 60_000 }, () => {
  it('reads the lossless ones alike, and marks the lossy one', async () => {
    const results = await Promise.all(
      ['RG2_J2KR', 'RG2_RLE', 'RG2_JPLY'].map(async (name) => {
        const { result } = await runPipeline([readFileSync(path.join(REAL, name))]);
        return result.images[0];
      }),
    );
    expect(results.map((image) => image?.lossy)).toEqual([false, false, true]);
    expect(results[0]?.hips.map(({ box, scores }) => [box, scores])).toEqual(
      results[1]?.hips.map(({ box, scores }) => [box, scores]),
    );
    expect([results[0]?.rows, results[0]?.columns]).toEqual([2140, 1760]);
  });
});

function plainPixels(): number[] {
  const { length } = new Uint16Array(400 * 300);
  return Array.from({ length }, (_, at) => {
    const [row, column] = [Math.floor(at / 400), at % 400];
    const inside = row >= 100 && row < 200 && ((column >= 50 && column < 100) || (column >= 300 && column < 350));
    return inside ? 4000 : 100;
  });
}

function invertedPixels(): Uint16Array {
  return Uint16Array.from(plainPixels(), (value) => 4095 - value);
}

function signedPixels(): Uint16Array {
  return new Uint16Array(Int16Array.from(plainPixels(), (value) => value - 2048).buffer);
}

/** Bright nearly everywhere: what the stand-in model does not take for its own. */
function brightPixels(): Uint16Array {
  return Uint16Array.from(plainPixels(), (value) => (value === 100 ? 4000 : 100));
}

function colour() {
  return {
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelData: Uint8Array.from({ length: 400 * 300 * 3 }, (_, at) => (at % 3) * 100),
    SOPClassUID: CR,
  };
}
