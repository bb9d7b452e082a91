import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { completeNeeds, loadPipelines, PipelineError, parsePipeline } from './pipelines.ts';

const HEAD = `
name: hips
version: 1.0.0
title: Hips
calledAETitle: HIPS
quietSeconds: 1
admits: { SOPClassUID: ["1.2.3"] }
`;

describe('parsePipeline', () => {
  it('needs what inputs and conditions name, besides what it says', () => {
    const { steps } = parsePipeline(
      `${HEAD}
steps:
  - { name: parse, operator: dicom-parser, inputs: { instances: run.instances } }
  - { name: check, operator: check }
  - { name: wait, operator: wait }
  - name: infer
    operator: infer
    needs: [wait]
    inputs: { images: parse.images, more: parse.more }
    when: [{ step: check, data: ok, equals: true }]
`,
      'pipeline.yaml',
    );
    expect(steps.map(completeNeeds)).toEqual([[], [], [], ['check', 'parse', 'wait']]);
  });

  it.each([
    ['no YAML', `${HEAD}steps: [`, /pipeline\.yaml: not YAML/],
    ['no steps', `${HEAD}steps: []`, /pipeline\.yaml: steps/],
    [
      'a name given twice',
      `${HEAD}steps: [{ name: a, operator: x }, { name: a, operator: x }]`,
      /step name a is taken/,
    ],
    ['a step called run', `${HEAD}steps: [{ name: run, operator: x }]`, /step name run is taken/],
    [
      'a need that comes later',
      `${HEAD}steps: [{ name: a, operator: x, needs: [b] }, { name: b, operator: x }]`,
      /step a needs b, which is no earlier step/,
    ],
    [
      'a model that is not listed',
      `${HEAD}steps: [{ name: a, operator: x, models: { detector: hips } }]`,
      /step a names model detector as hips/,
    ],
  ])('refuses %s', (_, text, message) => {
    const parsing = () => parsePipeline(text, 'pipeline.yaml');
    expect(parsing).toThrow(PipelineError);
    expect(parsing).toThrow(message);
  });
});

describe('loadPipelines', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'overread-pipelines-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const folder = (name: string, pipelines: Record<string, string>) => {
    for (const [pipeline, text] of Object.entries(pipelines)) {
      mkdirSync(path.join(root, name, pipeline), { recursive: true });
      writeFileSync(path.join(root, name, pipeline, 'pipeline.yaml'), text);
    }
    return path.join(root, name);
  };
  const steps = 'steps: [{ name: a, operator: x }]';

  it('lets a later folder replace a pipeline, and passes over folders that are not there', () => {
    const ours = folder('ours', { hips: HEAD + steps });
    const site = folder('site', { own: (HEAD + steps).replace('title: Hips', 'title: Ours') });
    const pipelines = loadPipelines([ours, path.join(root, 'nowhere'), site]);
    expect([...pipelines.values()].map(({ title }) => title)).toEqual(['Ours']);
  });

  it('refuses two pipelines for one AE title', () => {
    const both = folder('both', { one: HEAD + steps, two: (HEAD + steps).replace('name: hips', 'name: knees') });
    expect(() => loadPipelines([both])).toThrow('Pipelines hips and knees both claim the AE title HIPS.');
  });
});
