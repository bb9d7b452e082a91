import { canonicalJson } from '../../lib/runs/canonical.ts';
import { endKey, failedKey, manifestKey, startedKey } from '../../lib/runs/keys.ts';
import { planRun } from '../../lib/runs/plan.ts';
import { submitRun } from '../../lib/runs/submit.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { Manifest } from '../../schemas/manifest.ts';
import type { HipImage, Result, SegmentationResult } from '../../schemas/result.ts';
import type { AttemptFailed, AttemptStarted, End, Run } from '../../schemas/run.ts';
import { HIP_PIPELINE, LIVER_PIPELINE } from './pipelines.ts';
import { freshUid, putDetection, putSegmentation } from './results.ts';

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
  /** Makes it a run of `LIVER_PIPELINE` with these volumes and pictures in place of the usual ones. */
  readonly segmentation?: Partial<SegmentationResult>;
  /** All steps are done, and nothing was published. */
  readonly unpublished?: boolean;
}

const SHA = 'a'.repeat(64);

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
  const pipeline = made.segmentation === undefined ? HIP_PIPELINE : LIVER_PIPELINE;
  const reference = {
    bucket: 'models',
    key: 'a-model/1.0.0/model',
    sha256: SHA,
    size: 1,
    contentType: 'x/y',
  } as const;
  const planned = planRun({
    pipeline,
    StudyInstanceUID: study,
    instances: [
      { SOPInstanceUID: instance, SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SeriesInstanceUID: freshUid(), object },
    ],
    notAdmitted: [],
    models: Object.fromEntries(
      Object.entries(pipeline.models).map(([alias, model]) => [
        alias,
        { ...model, sha256: SHA, card: reference, weights: reference },
      ]),
    ),
    ...(amends === undefined ? {} : { amends }),
  });
  const at = new Date();
  await submitRun(store, planned, { kind: 'called-ae-title', by: pipeline.calledAETitle, at: at.toISOString() });
  if (status === 'queued') return { id: planned.id, result: undefined };
  const isPublished = status === 'succeeded' && made.unpublished !== true;
  const result = isPublished ? await putResult(store, planned, made) : undefined;
  await putSteps(store, planned, made);
  if (status !== 'running') {
    const reason = status === 'succeeded' ? null : (made.reason ?? 'Something went wrong.');
    await putEnd(store, planned.id, { status, reason, step: null, endedAt: new Date().toISOString(), retries: 0 });
  }
  return { id: planned.id, result };
}

function putResult(store: ObjectStore, planned: { id: string; run: Run }, made: MadeRun): Promise<Result> {
  return made.segmentation === undefined
    ? putDetection(store, planned, made)
    : putSegmentation(store, planned, made.segmentation);
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

async function putEnd(store: ObjectStore, id: string, end: End): Promise<void> {
  await putJson(store, endKey(id), end);
}

async function putJson(store: ObjectStore, key: string, value: object): Promise<void> {
  await store.put('runs', key, Buffer.from(canonicalJson(value)), 'application/json');
}
