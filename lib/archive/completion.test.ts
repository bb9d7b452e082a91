import { describe, expect, it } from 'vitest';
import { Pipeline } from '../../schemas/pipeline.ts';
import type { RunInstance, RunModel } from '../../schemas/run.ts';
import { planAfter, resolveModels } from './completion.ts';

const pipeline = Pipeline.parse({
  name: 'hip',
  version: '1.0.0',
  title: 'Hip',
  calledAETitle: 'HIP',
  quietSeconds: 60,
  admits: { SOPClassUID: ['1.2.3'] },
  models: { detector: { name: 'hip-fracture', version: '1.0.0' } },
  steps: [{ name: 'parse', operator: 'dicom-parser' }],
});

function instance(number: number): RunInstance {
  const object = { bucket: 'dicom', key: `k${number}`, sha256: 'a'.repeat(64), size: 1, contentType: 'x' } as const;
  return { SOPInstanceUID: `1.2.${number}`, SOPClassUID: '1.2.3', SeriesInstanceUID: '1.9', object };
}

function plan(...numbers: number[]) {
  return { pipeline, StudyInstanceUID: '1.2', instances: numbers.map(instance), notAdmitted: [], models: {} };
}

const NONE = { lastRun: null, lastAmends: null };

describe('planAfter', () => {
  it('amends nothing the first time', () => {
    const first = planAfter(plan(1), NONE);
    expect(first.amends).toBeNull();
    expect(first.run.amends).toBeNull();
  });

  it('is the same run when nothing changed, whatever the order', () => {
    const first = planAfter(plan(1, 2), NONE);
    const again = planAfter(plan(2, 1), { lastRun: first.id, lastAmends: first.amends });
    expect(again.id).toBe(first.id);
  });

  it('amends the last run when the version changed, and is the same amended run again', () => {
    const first = planAfter(plan(1), NONE);
    const second = planAfter(plan(1, 2), { lastRun: first.id, lastAmends: first.amends });
    expect(second).toMatchObject({ amends: first.id, run: { amends: first.id } });
    const again = planAfter(plan(1, 2), { lastRun: second.id, lastAmends: second.amends });
    expect(again.id).toBe(second.id);
    const third = planAfter(plan(1, 2, 3), { lastRun: again.id, lastAmends: again.amends });
    expect(third.amends).toBe(second.id);
  });

  it('amends the last run when the pipeline has a new version', () => {
    const first = planAfter(plan(1), NONE);
    const next = { ...plan(1), pipeline: { ...pipeline, version: '1.1.0' } };
    expect(planAfter(next, { lastRun: first.id, lastAmends: null }).amends).toBe(first.id);
  });
});

describe('resolveModels', () => {
  const reference = { bucket: 'models', key: 'k', sha256: 'a'.repeat(64), size: 1, contentType: 'x' } as const;
  const model: RunModel = {
    name: 'hip-fracture',
    version: '1.0.0',
    sha256: 'a'.repeat(64),
    card: reference,
    weights: reference,
  };

  /** A store that holds the model in one version. */
  const holding = (held: string) => async (_: string, version: string) => (version === held ? model : undefined);

  it('gives every alias its model', async () => {
    expect(await resolveModels(pipeline, holding('1.0.0'))).toEqual({ detector: model });
  });

  it('says which model is missing', async () => {
    expect(await resolveModels(pipeline, holding('2.0.0'))).toBe(
      'Waits for model hip-fracture 1.0.0, which is not in the store.',
    );
  });
});
