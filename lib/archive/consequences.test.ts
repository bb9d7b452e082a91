import { describe, expect, it } from 'vitest';
import { Pipeline } from '../../schemas/pipeline.ts';
import { Route } from '../../schemas/site.ts';
import { writePart10 } from '../dicom/write.ts';
import { readFacts } from './facts.ts';
import { consequencesOf } from './ingest.ts';

const pipeline = (name: string, calledAETitle: string) =>
  Pipeline.parse({
    name,
    version: '1.0.0',
    title: name,
    calledAETitle,
    quietSeconds: 60,
    admits: { SOPClassUID: ['1.2.3'] },
    steps: [{ name: 'only', operator: 'only' }],
  });
const context = {
  pipelines: new Map([pipeline('hip', 'HIP'), pipeline('brain', 'BRAIN')].map((one) => [one.name, one])),
  routes: [Route.parse({ name: 'pelvis', pipeline: 'hip', when: { StudyDescription: 'PELVIS' }, quietSeconds: 5 })],
  quietSeconds: undefined,
};

const asked = (calledAETitle: string) => {
  const facts = readFacts(
    writePart10({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SOPInstanceUID: '1.2', StudyDescription: 'PELVIS' }),
    {
      keywords: ['StudyDescription'],
    },
  );
  return consequencesOf({ facts: { ...facts, calledAETitle } }, context);
};

describe('what an instance asks for', () => {
  it('is what the routes say where it was sent to no pipeline', () => {
    const { demands, decisions } = asked('OVERREAD');
    expect(demands).toEqual([{ pipeline: 'hip', quietSeconds: 5, trigger: { kind: 'route', by: 'pelvis' } }]);
    expect(decisions).toMatchObject([{ route: 'pelvis', matched: true }]);
  });

  it.each(['HIP', 'BRAIN'])('is the pipeline that it was sent to, and no route: %s', (title) => {
    const { demands, decisions, quietSeconds } = asked(title);
    const name = title.toLowerCase();
    expect(demands).toEqual([{ pipeline: name, quietSeconds: 60, trigger: { kind: 'called-ae-title', by: title } }]);
    expect(decisions).toMatchObject([{ route: title, pipeline: name, matched: true }]);
    expect(quietSeconds).toBe(60);
  });
});
