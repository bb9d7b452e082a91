import { describe, expect, it } from 'vitest';
import { Pipeline } from '../../schemas/pipeline.ts';
import { Run, type RunInstance } from '../../schemas/run.ts';
import { sha256 } from './canonical.ts';
import { planRun, type RunPlan, studyVersion } from './plan.ts';

const PIPELINE = Pipeline.parse({
  name: 'hips',
  version: '1.0.0',
  title: 'Hips',
  calledAETitle: 'HIPS',
  quietSeconds: 60,
  admits: { SOPClassUID: ['1.2.3'] },
  steps: [{ name: 'parse', operator: 'dicom-parser', inputs: { instances: 'run.instances' } }],
});

const instance = (uid: string, content = uid): RunInstance => ({
  SOPInstanceUID: uid,
  SOPClassUID: '1.2.3',
  SeriesInstanceUID: '1.2.4',
  object: { bucket: 'dicom', key: uid, sha256: sha256(content), size: 1, contentType: 'application/dicom' },
});

const plan = (changes: Partial<RunPlan> = {}) =>
  planRun({
    pipeline: PIPELINE,
    StudyInstanceUID: '1.2',
    instances: [instance('1.1'), instance('1.2')],
    notAdmitted: [],
    models: {},
    ...changes,
  });

describe('planRun', () => {
  it('names a run by the digest of its plan, which is a valid one', () => {
    const { id, run, body } = plan();
    expect(id).toBe(sha256(body));
    expect(Run.parse(JSON.parse(body))).toEqual(run);
  });

  it('gives the same run for the same work, in whatever order it came', () => {
    const turned = plan({
      instances: [instance('1.2'), instance('1.1')],
      notAdmitted: [{ SOPClassUID: '9', instances: 1 }],
    });
    expect(turned.id).toBe(plan().id);
  });

  it.each<[string, Partial<RunPlan>]>([
    ['another instance', { instances: [instance('1.1'), instance('1.2'), instance('1.3')] }],
    ['other bytes', { instances: [instance('1.1'), instance('1.2', 'changed')] }],
    ['another version of the pipeline', { pipeline: { ...PIPELINE, version: '1.0.1' } }],
    ['a run that it amends', { amends: 'a'.repeat(64) }],
    ['a run that it replays', { replayOf: 'a'.repeat(64) }],
  ])('gives another run for %s', (_, changes) => {
    expect(plan(changes).id).not.toBe(plan().id);
  });

  it('says what came instead, only where nothing was admitted', () => {
    const notAdmitted = [
      { SOPClassUID: '9', instances: 1 },
      { SOPClassUID: '8', instances: 2 },
    ];
    expect(plan({ notAdmitted }).run.notAdmitted).toEqual([]);
    const { run } = plan({ instances: [], notAdmitted });
    expect(run.notAdmitted.map(({ SOPClassUID }) => SOPClassUID)).toEqual(['8', '9']);
  });
});

describe('studyVersion', () => {
  it('depends on instances and their bytes, not on their order', () => {
    const version = studyVersion([instance('1.1'), instance('1.2')]);
    expect(studyVersion([instance('1.2'), instance('1.1')])).toBe(version);
    expect(studyVersion([instance('1.1')])).not.toBe(version);
  });
});
