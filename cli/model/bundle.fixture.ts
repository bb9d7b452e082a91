/** A MONAI bundle of the usual form, around the network that the tests of infer-segmentation use. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const NETWORK = path.resolve(import.meta.dirname, '../../functions/infer-segmentation/fixture/bright-voxels.onnx');

export const METADATA = {
  version: '0.5.7',
  monai_version: '1.4.0',
  task: 'Decathlon spleen segmentation',
  description: 'A pre-trained model for volumetric segmentation of the spleen from CT image',
  copyright: 'Copyright (c) MONAI Consortium',
  intended_use: 'This is an example, not to be used for diagnostic purposes',
  network_data_format: {
    inputs: { image: { type: 'image', num_channels: 1, channel_def: { 0: 'image' } } },
    outputs: {
      pred: { type: 'image', num_channels: 3, channel_def: { 0: 'background', 1: 'Spleen', 2: 'Left kidney' } },
    },
  },
};

export const TRANSFORMS = [
  { _target_: 'LoadImaged', keys: 'image' },
  { _target_: 'EnsureChannelFirstd', keys: 'image' },
  { _target_: 'Orientationd', keys: 'image', axcodes: 'RAS' },
  { _target_: 'Spacingd', keys: '@image_key', pixdim: '@pixdim', mode: 'bilinear' },
  { _target_: 'ScaleIntensityRanged', keys: 'image', a_min: -57, a_max: 164, b_min: 0, b_max: 1, clip: true },
  { _target_: 'EnsureTyped', keys: 'image' },
];

export const INFERENCE = {
  imports: ['$import glob'],
  bundle_root: '.',
  image_key: 'image',
  pixdim: [1.5, 1.5, 2],
  preprocessing: { _target_: 'Compose', transforms: TRANSFORMS as object[] },
  inferer: { _target_: 'SlidingWindowInferer', roi_size: [16, 16, 8], sw_batch_size: 4, overlap: 0.5 } as object,
  postprocessing: {
    _target_: 'Compose',
    transforms: [
      { _target_: 'Activationsd', keys: 'pred', softmax: true },
      { _target_: 'Invertd', keys: 'pred', transform: '@preprocessing' },
      { _target_: 'AsDiscreted', keys: 'pred', argmax: true },
      { _target_: 'SaveImaged', keys: 'pred' },
    ] as object[],
  },
  evaluator: { _target_: 'SupervisedEvaluator', inferer: '@inferer', network: '$@network_def.to(@device)' },
};

/** Writes a bundle `spleen` with these changes into a folder that is gone after the test. */
export function writeBundle(
  changes: { metadata?: object; inference?: object; card?: object; weights?: readonly string[] } = {},
): string {
  const root = mkdtempSync(path.join(tmpdir(), 'overread-bundle-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = path.join(root, 'spleen');
  for (const name of ['configs', 'models']) mkdirSync(path.join(folder, name), { recursive: true });
  const write = (file: string, value: object) => writeFileSync(path.join(folder, file), JSON.stringify(value));
  write('configs/metadata.json', { ...METADATA, ...changes.metadata });
  write('configs/inference.json', { ...INFERENCE, ...changes.inference });
  if (changes.card !== undefined) write('model.json', changes.card);
  for (const name of changes.weights ?? ['model.onnx']) copyFileSync(NETWORK, path.join(folder, 'models', name));
  return folder;
}
