import { randomInt } from 'node:crypto';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import { endKey, failedKey, manifestKey, resultKey, startedKey } from '../../lib/runs/keys.ts';
import { planRun } from '../../lib/runs/plan.ts';
import { submitRun } from '../../lib/runs/submit.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { Manifest } from '../../schemas/manifest.ts';
import { Pipeline } from '../../schemas/pipeline.ts';
import type { Hip, HipImage, Result } from '../../schemas/result.ts';
import type { AttemptFailed, AttemptStarted, End, Run } from '../../schemas/run.ts';
import { drawPelvis } from './phantom.ts';

/** What a made-up run looks like. */
export interface MadeRun {
  readonly study?: string;
  readonly status?: 'queued' | 'running' | End['status'];
  readonly reason?: string;
  /** Of a failed run: whether another try may help. */
  readonly retryable?: boolean;
  readonly images?: readonly Partial<HipImage>[];
  readonly qualityReview?: readonly string[];
  readonly amends?: string;
}

const SHA = 'a'.repeat(64);

/** The pipeline of the made-up runs: hip fracture detection with three steps. */
export const HIP_PIPELINE = Pipeline.parse({
  name: 'hip-fracture-detection',
  version: '1.0.0',
  title: 'Hip fracture detection',
  calledAETitle: 'CI2_CD_HIP_FRAC',
  quietSeconds: 60,
  admits: { SOPClassUID: ['1.2.840.10008.5.1.4.1.1.1'] },
  models: { detector: { name: 'hip-fracture', version: '1.0.0' } },
  steps: [
    { name: 'select', operator: 'series-selector' },
    { name: 'infer', operator: 'infer-detection', needs: ['select'], models: { detector: 'detector' } },
    { name: 'publish', operator: 'publish-results', needs: ['infer'] },
  ],
});

/** A UID that no other test has. */
export const freshUid = () => `1.2.826.0.1.3680043.10.543.${randomInt(1, 2 ** 47)}.${randomInt(1, 2 ** 47)}`;

/** A hip as the model would give it; right above all, with a fracture. */
export function hip(overrides: Partial<Hip> = {}): Hip {
  return {
    side: 'right',
    sideSource: 'stated',
    box: [300, 900, 800, 1400],
    class: 'fracture',
    confidence: 0.93,
    scores: { fracture: 0.93, 'no-fracture': 0.05, hardware: 0.02 },
    ...overrides,
  };
}

const LEFT = hip({
  side: 'left',
  box: [1300, 900, 1800, 1400],
  class: 'no-fracture',
  confidence: 0.88,
  scores: { fracture: 0.1, 'no-fracture': 0.88, hardware: 0.02 },
});

/**
 * Puts a whole run into the store as the connector and the functions would: plan, trigger, attempts, manifests, ending,
 * result with previews.
 */
export async function makeRun(
  store: ObjectStore,
  made: MadeRun = {},
): Promise<{ id: string; result: Result | undefined }> {
  const { study = freshUid(), status = 'succeeded', amends } = made;
  const instance = freshUid();
  const object = {
    bucket: 'dicom',
    key: `studies/${study}/x.dcm`,
    sha256: SHA,
    size: 1,
    contentType: 'application/dicom',
  } as const;
  const reference = {
    bucket: 'models',
    key: 'hip-fracture/1.0.0/model',
    sha256: SHA,
    size: 1,
    contentType: 'x/y',
  } as const;
  const planned = planRun({
    pipeline: HIP_PIPELINE,
    StudyInstanceUID: study,
    instances: [
      { SOPInstanceUID: instance, SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SeriesInstanceUID: freshUid(), object },
    ],
    notAdmitted: [],
    models: {
      detector: { name: 'hip-fracture', version: '1.0.0', sha256: SHA, card: reference, weights: reference },
    },
    ...(amends === undefined ? {} : { amends }),
  });
  const at = new Date();
  await submitRun(store, planned, { kind: 'called-ae-title', by: 'CI2_CD_HIP_FRAC', at: at.toISOString() });
  if (status === 'queued') return { id: planned.id, result: undefined };
  const result = status === 'succeeded' ? await putResult(store, planned, made) : undefined;
  await putSteps(store, planned, made);
  if (status !== 'running') {
    const reason = status === 'succeeded' ? null : (made.reason ?? 'Something went wrong.');
    await putEnd(store, planned.id, { status, reason, step: null, endedAt: new Date().toISOString(), retries: 0 });
  }
  return { id: planned.id, result };
}

async function putSteps(store: ObjectStore, { id, run }: { id: string; run: Run }, made: MadeRun): Promise<void> {
  const done = made.status === undefined || made.status === 'succeeded' ? run.steps.length : 1;
  for (const [index, step] of run.steps.slice(0, done + 1).entries()) {
    const startedAt = new Date().toISOString();
    await putJson(store, startedKey(id, step.name, 1), { attempt: 1, startedAt } satisfies AttemptStarted);
    if (index < done) await putJson(store, manifestKey(id, step.name), manifest(id, step));
    else if (made.status !== 'running') await putJson(store, failedKey(id, step.name, 1), failed(made));
  }
}

function manifest(id: string, step: Run['steps'][number]): Manifest {
  const now = new Date().toISOString();
  return {
    run: id,
    step: step.name,
    operator: step.operator,
    operatorVersion: '1.0.0',
    inputDigest: SHA,
    attempt: 1,
    startedAt: now,
    finishedAt: now,
    outputs: {},
    data: {},
    timings: { fetchMs: 4, computeMs: 310, storeMs: 6 },
    device: { kind: 'cpu', name: 'Test processor', threads: 2 },
  };
}

function failed({ status, reason, retryable = false }: MadeRun): AttemptFailed {
  return {
    attempt: 1,
    failedAt: new Date().toISOString(),
    retryable,
    problem: {
      type: 'about:blank',
      title: retryable ? 'The function failed' : 'The input cannot be processed',
      status: retryable ? 500 : 422,
      detail: reason ?? 'Something went wrong.',
      ...(status === 'out-of-scope' ? { outOfScope: true } : {}),
    },
  };
}

async function putResult(store: ObjectStore, { id, run }: { id: string; run: Run }, made: MadeRun): Promise<Result> {
  const [rows, columns] = [1800, 2100];
  const preview = await drawPelvis(600, 700);
  const images = await Promise.all(
    (made.images ?? [{}]).map(async (overrides, index): Promise<HipImage> => {
      const keys = {
        png: `${run.pipeline.name}/${id}/${index}.png`,
        gray16: `${run.pipeline.name}/${id}/${index}.gray16.gz`,
      };
      await store.put('results', keys.png, preview.png, 'image/png');
      await store.put('results', keys.gray16, preview.gray16, 'application/gzip');
      return {
        sopInstanceUid: freshUid(),
        seriesInstanceUid: freshUid(),
        rows,
        columns,
        lossy: false,
        scope: 0.98,
        hips: [hip(), LEFT],
        notes: [],
        preview: { ...keys, rows: 600, columns: 700 },
        ...overrides,
      };
    }),
  );
  const hips = images.flatMap((image) => image.hips);
  const sides = [...new Set(hips.map(({ side }) => side))].map((side) => {
    const same = hips.filter((candidate) => candidate.side === side);
    const first = same[0] ?? hip();
    return {
      side,
      class: first.class,
      confidence: first.confidence,
      disagreement: new Set(same.map((candidate) => candidate.class)).size > 1,
      images: Math.max(1, same.length),
    };
  });
  const result: Result = {
    run: id,
    pipeline: run.pipeline.name,
    pipelineVersion: run.pipeline.version,
    studyInstanceUid: run.study.StudyInstanceUID,
    models: [{ name: 'hip-fracture', version: '1.0.0', sha256: SHA }],
    publishedAt: new Date().toISOString(),
    kind: 'detection',
    images,
    summary: {
      rule: 'Of each side the image with the highest score for fracture counts.',
      sides,
      qualityReview: [...(made.qualityReview ?? [])],
    },
  };
  await store.put('results', resultKey(run.pipeline.name, id), Buffer.from(JSON.stringify(result)), 'application/json');
  return result;
}

async function putEnd(store: ObjectStore, id: string, end: End): Promise<void> {
  await putJson(store, endKey(id), end);
}

async function putJson(store: ObjectStore, key: string, value: object): Promise<void> {
  await store.put('runs', key, Buffer.from(canonicalJson(value)), 'application/json');
}
