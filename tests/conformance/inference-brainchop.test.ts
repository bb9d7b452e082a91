/** Networks by others: imported with a card, and run by the operators that are there. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { inferSegmentation } from '../../functions/infer-segmentation/operator.ts';
import { doStep, storeRun } from '../../functions/operator/world.fixture.ts';
import { defineOperator, jsonBytes } from '../../functions/operator.ts';
import { preprocess } from '../../functions/preprocess/operator.ts';
import { readNifti } from '../../lib/imaging/nifti.ts';
import { countOf } from '../../lib/imaging/volume.ts';
import { HOME } from '../../lib/platform/configuration.ts';
import { heldModel } from '../../lib/runs/held-models.ts';
import { openStore } from '../../lib/store/open.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { VolumeSet } from '../../schemas/volume.ts';
import { describeWith } from '../peers/skip.ts';
import { REAL_DATA } from '../site.ts';
import { BRAINCHOP, HAS_BRAINCHOP, modelName, writeModelFolder } from './inference/brainchop.ts';

const run = promisify(execFile);
/** The largest of the three needs a minute of two free cores. */
const LIMIT_MS = 1_800_000;

describeWith('networks of brainchop', HAS_BRAINCHOP || undefined, 'the shared data are not there', () => {
  let data: string;
  let store: ObjectStore;
  beforeAll(async () => {
    data = mkdtempSync(path.join(tmpdir(), 'overread-brainchop-'));
    store = openStore({ driver: 'fs', folder: path.join(data, 'store'), journal: path.join(data, 'journal') });
    await store.prepare();
  });
  afterAll(async () => {
    await inferSegmentation.close?.();
    await store?.close();
    rmSync(data, { recursive: true, force: true });
  });

  it.each(BRAINCHOP)(
    '$name counts as it does elsewhere',
    async (network) => {
      const folder = path.join(data, network.name);
      writeModelFolder(folder, network);
      const command = ['cli/main.ts', 'model', 'import', folder];
      await run(process.execPath, command, { cwd: HOME, env: { ...process.env, OVERREAD_DATA: data } });
      const model = await heldModel(store, modelName(network.name), '1.0.0');
      if (model === undefined) throw new Error('The model is not in the store.');

      const models = { model: 'network' };
      const id = await storeRun(store, {
        models: { network: model },
        steps: [
          { name: 'read', operator: 'read' },
          {
            name: 'preprocess',
            operator: 'preprocess',
            inputs: { images: 'read.images', pixels: 'read.pixels' },
            models,
          },
          {
            name: 'infer-segmentation',
            operator: 'infer-segmentation',
            inputs: { prepared: 'preprocess.prepared', tensors: 'preprocess.tensors' },
            models,
          },
        ],
      });
      for (const operator of [read, preprocess]) await doStep(store, operator, id);
      const { data: told, outputs } = await doStep(store, inferSegmentation, id);
      const [, white, grey] = network.counts;
      expect(told.voxels).toEqual({ 'white-matter': white, 'grey-matter': grey });
      const labels = readNifti(await store.get('runs', outputs.labels?.[0]?.key ?? ''));
      expect(countOf(labels.grid) - white - grey).toBe(network.counts[0]);
    },
    LIMIT_MS,
  );
});

/** Stands for dicom-reader: the T1, which is at 1 mm in 256³ already. */
const read = defineOperator({
  name: 'read',
  version: '1.0.0',
  description: 'Gives a T1 of the head.',
  parameters: z.object({}),
  inputs: {},
  outputs: { images: 'VolumeSet.', pixels: 'NIfTI.' },
  async run({ output }) {
    const bytes = gunzipSync(readFileSync(path.join(REAL_DATA, '00-brain-t1-nifti/t1_crop.nii.gz')));
    const set: VolumeSet = {
      kind: 'volumes',
      leftOut: [],
      volumes: [
        {
          input: 't1',
          file: 't1.nii',
          StudyInstanceUID: '2.25.100',
          SeriesInstanceUID: '2.25.10',
          FrameOfReferenceUID: null,
          Modality: 'MR',
          grid: readNifti(bytes).grid,
          slices: [],
          units: null,
          lossy: false,
          notes: [],
        },
      ],
    };
    await output('pixels', 't1.nii', bytes);
    await output('images', 'images.json', jsonBytes(set));
    return {};
  },
});
