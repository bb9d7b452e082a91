import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readNifti } from '../../lib/imaging/nifti.ts';
import { gridOf } from '../../lib/imaging/volume.ts';
import { Segmentation } from '../../schemas/volume.ts';
import { doStep, storeModel, storeRun, temporaryStore } from '../operator/world.fixture.ts';
import { bytesOf, defineOperator, jsonBytes } from '../operator.ts';
import { inferSegmentation } from './operator.ts';

afterAll(() => inferSegmentation.close?.());

const GRID = gridOf([9, 8, 7], [1, 2, 3], [10, 20, 30]);
const COUNT = 9 * 8 * 7;

/** Stands for preprocess. */
function prepare(values: Float32Array) {
  return defineOperator({
    name: 'prepare',
    version: '1.0.0',
    description: 'Gives a tensor.',
    parameters: z.object({}),
    inputs: {},
    outputs: { prepared: 'PreparedVolume.', tensors: 'The tensor.' },
    async run({ output }) {
      const channels = [{ input: 'image', SeriesInstanceUID: '2.25.10', steps: [] }];
      const prepared = { kind: 'volume', file: 'tensor.f32', grid: GRID, channels, reference: 'image' };
      await output('tensors', 'tensor.f32', bytesOf(values));
      await output('prepared', 'prepared.json', jsonBytes(prepared));
      return {};
    },
  });
}

async function infer(values: Float32Array, signal?: AbortSignal) {
  const store = await temporaryStore();
  const run = await storeRun(store, {
    models: { fixture: await storeModel(store, path.join(import.meta.dirname, 'fixture')) },
    steps: [
      { name: 'prepare', operator: 'prepare' },
      {
        name: 'infer-segmentation',
        operator: 'infer-segmentation',
        inputs: { prepared: 'prepare.prepared', tensors: 'prepare.tensors' },
        models: { model: 'fixture' },
      },
    ],
  });
  await doStep(store, prepare(values), run);
  const manifest = await doStep(store, inferSegmentation, run, signal === undefined ? {} : { signal });
  const bytes = (output: string) => store.get('runs', manifest.outputs[output]?.[0]?.key ?? '');
  const segmentation = Segmentation.parse(JSON.parse((await bytes('segmentation')).toString('utf8')));
  return { manifest, segmentation, labels: readNifti(await bytes('labels')) };
}

describe('infer-segmentation', () => {
  it('gives each voxel the label that the model says, on the grid of the tensor', async () => {
    const values = Float32Array.from({ length: COUNT }, (_, at) => [0, 1, 2, 0.4][at % 4] ?? 0);
    const { manifest, segmentation, labels } = await infer(values);
    expect([...labels.values]).toEqual([...values].map((value) => Math.floor(value)));
    expect(labels.grid).toEqual(GRID);
    expect(segmentation).toMatchObject({
      file: 'labels.nii',
      grid: GRID,
      reference: null,
      scope: { some: 1, none: 0 },
    });
    expect(manifest.data).toEqual({
      windows: 18,
      voxels: { bright: COUNT / 4, 'very-bright': COUNT / 4 },
      scope: { some: 1, none: 0 },
    });
    expect(manifest.device).toMatchObject({ kind: 'cpu', threads: expect.any(Number) });
  });

  it('refuses an exam that is not what the model was made for by its pixels', async () => {
    const refused = infer(new Float32Array(COUNT).fill(-1));
    await expect(refused).rejects.toMatchObject({ problem: { status: 422, outOfScope: true } });
    await expect(refused).rejects.toThrow('it looks like none (none 1.00, some 0.00; some has to have at least 0.50)');
  });

  it('refuses a tensor of another size than was promised', async () => {
    await expect(infer(new Float32Array(5))).rejects.toThrow('tensor.f32 has 20 bytes; 504 values of 4 bytes');
  });

  it('stops at its deadline', async () => {
    const stop = new AbortController();
    stop.abort(new Error('too late'));
    await expect(infer(new Float32Array(COUNT).fill(1), stop.signal)).rejects.toThrow('too late');
  });
});
