import type { Manifest } from '../../schemas/manifest.ts';
import type { AttemptFailed, End, Retry, RunStep } from '../../schemas/run.ts';
import type { RunState } from './state.ts';

/** A run's state in the words of a test. */
export interface StateSketch {
  readonly steps: readonly Partial<RunStep>[];
  /** Step → `data` of its manifest. */
  readonly manifests?: Readonly<Record<string, Record<string, unknown>>>;
  /** Step → attempts that were started. */
  readonly started?: Readonly<Record<string, readonly number[]>>;
  readonly failed?: Readonly<Record<string, readonly AttemptFailed[]>>;
  readonly retries?: readonly Retry[];
  readonly end?: End;
}

const MOMENT = '2026-01-01T00:00:00.000Z';

/** The whole state that a sketch means. */
export function aState({ steps, manifests = {}, started = {}, failed = {}, retries = [], end }: StateSketch): RunState {
  const plan = steps.map((step) => ({ ...STEP, ...step }));
  return {
    id: '0'.repeat(64),
    run: {
      pipeline: { name: 'test', version: '1.0.0', title: 'Test' },
      study: { StudyInstanceUID: '1.2.3', version: '0'.repeat(64) },
      instances: [],
      notAdmitted: [],
      models: {},
      steps: plan,
      amends: null,
      replayOf: null,
    },
    createdAt: new Date(MOMENT),
    triggers: [],
    retries,
    end,
    steps: new Map(
      plan.map(({ name }) => {
        const data = manifests[name];
        return [
          name,
          {
            manifest: data === undefined ? undefined : aManifest(name, data),
            started: (started[name] ?? []).map((attempt) => ({ attempt, startedAt: MOMENT })),
            failed: failed[name] ?? [],
          },
        ];
      }),
    ),
  };
}

const STEP: RunStep = {
  name: 'step',
  operator: 'operator',
  needs: [],
  when: [],
  inputs: {},
  models: {},
  parameters: {},
  timeoutSeconds: 60,
  attempts: 4,
};

export function aManifest(step: string, data: Record<string, unknown> = {}): Manifest {
  return {
    run: '0'.repeat(64),
    step,
    operator: 'operator',
    operatorVersion: '1.0.0',
    inputDigest: '0'.repeat(64),
    attempt: 1,
    startedAt: MOMENT,
    finishedAt: MOMENT,
    outputs: {},
    data,
    timings: { fetchMs: 1, computeMs: 2, storeMs: 3 },
    device: { kind: 'cpu', name: 'test', threads: 1 },
  };
}

export function aFailure(
  failure: Partial<AttemptFailed> & { readonly detail?: string; readonly outOfScope?: boolean },
): AttemptFailed {
  const { attempt = 1, failedAt = MOMENT, retryable = true, detail = 'It failed.', outOfScope } = failure;
  const problem = { type: 'about:blank', title: 'Failed', status: retryable ? 500 : 422, detail };
  return { attempt, failedAt, retryable, problem: outOfScope === undefined ? problem : { ...problem, outOfScope } };
}

export function anEnd(end: Partial<End> = {}): End {
  return { status: 'failed', reason: 'It failed.', step: 'step', endedAt: MOMENT, retries: 0, ...end };
}
