import { describe, expect, it } from 'vitest';
import { Pipeline } from '../../schemas/pipeline.ts';
import type { RunModel } from '../../schemas/run.ts';
import { planRun } from './plan.ts';
import { planReplay } from './replay.ts';

const reference = { bucket: 'models', key: 'k', sha256: 'a'.repeat(64), size: 1, contentType: 'x' } as const;
const model = (version: string): RunModel => ({
  name: 'lesion',
  version,
  sha256: version.padEnd(64, '0').replaceAll('.', '0'),
  card: reference,
  weights: reference,
});
const pipeline = (version: string) =>
  Pipeline.parse({
    name: 'brain',
    version,
    title: 'Brain',
    calledAETitle: 'BRAIN',
    quietSeconds: 0,
    admits: { SOPClassUID: ['1.2'] },
    models: { net: { name: 'lesion', version: '1.0.0' } },
    steps: [{ name: 'parse', operator: 'dicom-parser', parameters: { version } }],
  });
const first = planRun({
  pipeline: pipeline('1.0.0'),
  StudyInstanceUID: '1.2.3',
  instances: [],
  notAdmitted: [],
  models: { net: model('1.0.0') },
  amends: 'b'.repeat(64),
});

describe('planReplay', () => {
  it('repeats everything, amends nothing, and is the same run each time', () => {
    const again = planReplay(first.id, first.run);
    expect(again.run).toEqual({ ...first.run, amends: null, replayOf: first.id });
    expect(planReplay(first.id, first.run).id).toBe(again.id);
    expect(again.id).not.toBe(first.id);
  });

  it('repeats the first run where a replay is repeated', () => {
    const again = planReplay(first.id, first.run);
    expect(planReplay(again.id, again.run).id).toBe(again.id);
  });

  it('takes another version of a model, or of the pipeline', () => {
    const other = planReplay(first.id, first.run, { models: { net: model('2.0.0') } });
    expect(other.run.models.net?.version).toBe('2.0.0');
    expect(other.run.steps).toEqual(first.run.steps);
    const newer = planReplay(first.id, first.run, { pipeline: pipeline('1.1.0') });
    expect(newer.run.pipeline.version).toBe('1.1.0');
    expect(newer.run.steps[0]?.parameters).toEqual({ version: '1.1.0' });
    expect(newer.run.study).toEqual(first.run.study);
  });

  it('refuses a model that the pipeline does not name', () => {
    expect(() => planReplay(first.id, first.run, { models: { other: model('1.0.0') } })).toThrow(
      'The pipeline names no model `other`.',
    );
  });
});
