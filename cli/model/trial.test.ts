import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../lib/onnx/session.ts';
import { ModelCard } from '../../schemas/model.ts';
import { tryModel } from './trial.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../functions');
const read = (file: string) => readFileSync(path.join(FIXTURES, file));

describe.each([
  ['infer-segmentation/fixture', 'bright-voxels.onnx'],
  ['infer-detection/fixture', 'bright-blobs.onnx'],
])('%s', (folder, file) => {
  let session: Session;
  const card: object = JSON.parse(read(`${folder}/model.json`).toString('utf8'));
  beforeAll(async () => {
    session = await openSession(read(`${folder}/${file}`), { threads: 1 });
  });
  afterAll(() => session.close());

  const tried = (changes: object) => tryModel(session, ModelCard.parse({ ...card, ...changes }));

  it('passes', async () => {
    expect(await tried({})).toEqual({ dims: expect.any(Array), ms: expect.any(Number) });
  });

  const segmentation: [string, object, RegExp][] = [
    [
      'an input that is not there',
      { input: { ...input('segmentation'), name: 'x' } },
      /names the input `x`; the graph has volume/,
    ],
    [
      'two channels',
      { input: { ...input('segmentation'), channels: twice() } },
      /is \[1,2,6,5,4\]; the graph declares \[1,1,D,H,W\]/,
    ],
    [
      'an output that is not there',
      { output: { name: 'x', activation: 'softmax', channels: 3 } },
      /names the output `x`; the graph has logits, scope/,
    ],
    [
      'more channels than there are',
      { output: { name: 'logits', activation: 'softmax', channels: 4 } },
      /is \[1,4,6,5,4\]; a trial gave \[1,3,6,5,4\]/,
    ],
    [
      'a label beyond the channels',
      { output: { name: 'logits', activation: 'softmax', channels: 2 } },
      /2 channels with softmax give labels 1 to 1; structure very-bright has 2/,
    ],
    [
      'a scope of other classes',
      { scope: { output: 'scope', classes: ['a', 'b', 'c'], accepts: 'a', threshold: 0.5 } },
      /`scope` is \[1,3\]; a trial gave \[1,2\]/,
    ],
    [
      'a scope that accepts nothing there is',
      { scope: { output: 'scope', classes: ['a', 'b'], accepts: 'c', threshold: 0.5 } },
      /`scope.accepts` is one of its classes a, b; c is none/,
    ],
  ];
  const detection: [string, object, RegExp][] = [
    [
      'another size',
      { input: { ...input('detection'), size: [32, 64] } },
      /is \[1,1,32,64\]; the graph declares \[1,1,64,64\]/,
    ],
    ['more classes', { classes: ['a', 'b', 'c', 'd'] }, /`classes` is \[any,4\]; a trial gave \[2,3\]/],
  ];
  it.each(folder.startsWith('infer-s') ? segmentation : detection)('refuses %s', async (_, changes, message) => {
    await expect(tried(changes)).rejects.toThrow(message);
  });
});

function input(kind: 'segmentation' | 'detection'): object {
  return JSON.parse(read(`infer-${kind}/fixture/model.json`).toString('utf8')).input;
}

function twice(): object[] {
  const channel = { input: 'image', normalisation: { kind: 'none' } };
  return [channel, channel];
}
