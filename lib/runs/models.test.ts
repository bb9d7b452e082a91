import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DetectionModelCard } from '../../schemas/model.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { sha256 } from './canonical.ts';
import { ModelError, publishModels, registerModel } from './models.ts';

const WEIGHTS = Buffer.from('weights');

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-models-'));
  store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A folder of models with one in it. */
function models(changes: Record<string, unknown> = {}, weights: Buffer | undefined = WEIGHTS): string {
  const root = mkdtempSync(path.join(folder, 'models-'));
  const model = path.join(root, 'hip-fracture');
  mkdirSync(model);
  const card = {
    name: 'hip-fracture',
    version: '1.0.0',
    title: 'Hip fractures',
    kind: 'detection',
    file: 'hip.onnx',
    sha256: sha256(WEIGHTS),
    licence: 'MIT',
    intendedUse: 'demonstration',
    statement: 'not for clinical use',
    input: {
      name: 'image',
      size: [384, 384],
      window: { kind: 'percentile', low: 1, high: 99 },
      photometric: 'bone-bright',
      padding: 0,
    },
    outputs: { boxes: 'boxes', objectness: 'objectness', classes: 'classes', scope: 'scope' },
    classes: ['fracture', 'no-fracture', 'hardware'],
    thresholds: { objectness: 0.5, nmsIou: 0.5, scope: 0.5 },
    ...changes,
  };
  writeFileSync(path.join(model, 'model.json'), JSON.stringify(card));
  if (weights !== undefined) writeFileSync(path.join(model, 'hip.onnx'), weights);
  return root;
}

describe('publishModels', () => {
  it('puts card and weights into the store and names them by their digests', async () => {
    const published = await publishModels(store, [models(), path.join(folder, 'nowhere')]);
    const model = published.get('hip-fracture@1.0.0');
    expect([...published.keys()]).toEqual(['hip-fracture@1.0.0']);
    expect(model).toMatchObject({
      sha256: sha256(WEIGHTS),
      card: { bucket: 'models', key: 'hip-fracture/1.0.0/model.json' },
      weights: { bucket: 'models', key: 'hip-fracture/1.0.0/hip.onnx', sha256: sha256(WEIGHTS), size: 7 },
    });
    expect(await store.get('models', 'hip-fracture/1.0.0/hip.onnx')).toEqual(WEIGHTS);
  });

  it('answers the same when everything is published already', async () => {
    const folders = [models()];
    expect(await publishModels(store, folders)).toEqual(await publishModels(store, folders));
  });

  it('refuses another card, or other weights, under a version that is published', async () => {
    await publishModels(store, [models()]);
    await expect(publishModels(store, [models({ title: 'Changed' })])).rejects.toThrow(
      'Model hip-fracture 1.0.0 is published with another model.json: a version never changes; give the new one a new version.',
    );
    const other = Buffer.from('other weights');
    await expect(publishModels(store, [models({ sha256: sha256(other) }, other)])).rejects.toThrow(
      'Model hip-fracture 1.0.0 is published with another hip.onnx',
    );
  });

  it.each<[string, Record<string, unknown>, Buffer | undefined, RegExp]>([
    ['weights with another digest', {}, Buffer.from('damaged'), /the card names weights with SHA-256 .* has /],
    ['weights elsewhere', { file: '../hip.onnx' }, WEIGHTS, /names a file beside the card/],
    ['a card without a licence', { licence: undefined }, WEIGHTS, /model\.json: licence: /],
    ['a version that is none', { version: 'new' }, WEIGHTS, /version: a version such as 1\.2\.0/],
  ])('refuses %s', async (_, changes, weights, message) => {
    const refusal = publishModels(store, [models(changes, weights)]);
    await expect(refusal).rejects.toThrow(ModelError);
    await expect(refusal).rejects.toThrow(message);
  });

  it('refuses a model whose weights are not there', async () => {
    const root = models();
    rmSync(path.join(root, 'hip-fracture/hip.onnx'));
    await expect(publishModels(store, [root])).rejects.toThrow('its weights hip.onnx cannot be read');
  });

  it('publishes the others when it is told what to do about a refusal', async () => {
    const refused: string[] = [];
    const published = await publishModels(store, [models({ sha256: sha256('x') }), models()], ({ message }) =>
      refused.push(message),
    );
    expect([...published.keys()]).toEqual(['hip-fracture@1.0.0']);
    expect(refused).toHaveLength(1);
  });
});

describe('registerModel', () => {
  /** The card that a folder of models holds, and its weights' file. */
  function imported(changes: Record<string, unknown> = {}, weights = WEIGHTS) {
    const root = path.join(models({ sha256: sha256(weights), ...changes }, weights), 'hip-fracture');
    const card = DetectionModelCard.parse(JSON.parse(readFileSync(path.join(root, 'model.json'), 'utf8')));
    return { card, weights: path.join(root, 'hip.onnx') };
  }

  it('puts a model under its name and version, once', async () => {
    const { card, weights } = imported();
    const registered = await registerModel(store, card, weights);
    expect(await registerModel(store, card, weights)).toEqual(registered);
    expect(JSON.parse((await store.get('models', registered.card.key)).toString('utf8'))).toEqual(card);
  });

  it('refuses other weights and another card under a version that is there, and changes nothing', async () => {
    const first = imported();
    const registered = await registerModel(store, first.card, first.weights);
    const other = imported({}, Buffer.from('other weights'));
    await expect(registerModel(store, other.card, other.weights)).rejects.toThrow(
      /with another hip\.onnx: a version never/,
    );
    const renamed = imported({ file: 'other.onnx' });
    await expect(registerModel(store, renamed.card, first.weights)).rejects.toThrow(/with another model\.json/);
    expect(await store.stat('models', 'hip-fracture/1.0.0/other.onnx')).toBeUndefined();
    expect(await registerModel(store, first.card, first.weights)).toEqual(registered);
  });
});
