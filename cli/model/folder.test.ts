import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { INFERENCE, METADATA, TRANSFORMS, writeBundle } from './bundle.fixture.ts';
import { ModelFolderError } from './error.ts';
import { openModelFolder } from './folder.ts';
import { tryModel } from './trial.ts';

/** The card that a folder gives, after a trial. */
async function imported(folder: string) {
  const { card, session, notes } = await openModelFolder(folder);
  try {
    const trial = await tryModel(session, card);
    return { card, notes, trial };
  } finally {
    await session.close();
  }
}

/** Preprocessing with one transform in place of the scaling. */
function scaledBy(...transforms: object[]) {
  return { preprocessing: { _target_: 'Compose', transforms: [...TRANSFORMS.slice(0, 4), ...transforms] } };
}

describe('a MONAI bundle', () => {
  it('becomes a card that means the same', async () => {
    const { card, notes, trial } = await imported(writeBundle());
    expect(card).toMatchObject({
      name: 'spleen',
      version: '0.5.7',
      title: 'Decathlon spleen segmentation',
      kind: 'segmentation',
      file: 'model.onnx',
      licence: 'Copyright (c) MONAI Consortium',
      input: {
        name: 'volume',
        channels: [{ input: 'image', normalisation: { kind: 'window', low: -57, high: 164 } }],
        orientation: 'RAS',
        spacing: [1.5, 1.5, 2],
        size: null,
        cropMarginMm: null,
        layout: 'ijk',
      },
      window: { size: [16, 16, 8], overlap: 0.5, weights: 'constant' },
      output: { name: 'logits', activation: 'softmax', channels: 3 },
      structures: [
        { label: 1, name: 'spleen', title: 'Spleen' },
        { label: 2, name: 'left-kidney', title: 'Left kidney' },
      ],
    });
    expect(trial.dims).toEqual([1, 1, 16, 16, 8]);
    expect(notes).toEqual([expect.stringContaining('The bundle has no codes')]);
  });

  it.each([
    [
      { _target_: 'NormalizeIntensityd', nonzero: true, channel_wise: true },
      { kind: 'z-score', over: 'nonzero' },
    ],
    [{ _target_: 'monai.transforms.NormalizeIntensityD' }, { kind: 'z-score', over: 'all' }],
    [
      { _target_: 'ScaleIntensityRangePercentilesd', lower: 1, upper: 99, b_min: 0, b_max: 1, clip: true },
      { kind: 'percentile', low: 1, high: 99, over: 'all', clip: true },
    ],
    [{ _target_: 'ScaleIntensityd' }, { kind: 'percentile', low: 0, high: 100, over: 'all', clip: true }],
  ])('knows %j', async (transform, normalisation) => {
    const { card } = await imported(writeBundle({ inference: scaledBy(transform) }));
    expect(card).toMatchObject({ input: { channels: [{ normalisation }] } });
  });

  it('knows the margin of a cut to the foreground, a fixed size, and channels that overlap', async () => {
    const cut = { _target_: 'CropForegroundd', source_key: 'image', margin: 10 };
    const size = { _target_: 'ResizeWithPadOrCropd', spatial_size: [64, 64, 32] };
    const postprocessing = { _target_: 'Compose', transforms: [{ _target_: 'Activationsd', sigmoid: true }] };
    const inferer = { _target_: 'SlidingWindowInferer', roi_size: 16, overlap: 0.25, mode: 'gaussian' };
    const { card, notes } = await imported(
      writeBundle({ inference: { ...scaledBy(cut, size), postprocessing, inferer } }),
    );
    expect(card).toMatchObject({
      input: { cropMarginMm: 20, size: [64, 64, 32] },
      window: { size: [16, 16, 16], overlap: 0.25, weights: 'gaussian' },
      output: { activation: 'sigmoid' },
      structures: [{ label: 1, name: 'background' }, { label: 2 }, { label: 3 }],
    });
    expect(notes.join()).toContain('a voxel gets the structure of the later one');
  });

  it('is corrected by a model.json in its folder', async () => {
    const { card } = await imported(writeBundle({ card: { name: 'our-spleen', version: '1.0.0', window: null } }));
    expect(card).toMatchObject({
      name: 'our-spleen',
      version: '1.0.0',
      window: null,
      structures: [{ name: 'spleen' }, {}],
    });
  });

  it.each<[string, Parameters<typeof writeBundle>[0], RegExp]>([
    [
      'a transform without an equal',
      { inference: scaledBy({ _target_: 'RandZoomd' }) },
      /no equal of the bundle's transform RandZoomd/,
    ],
    [
      'Python',
      { inference: scaledBy({ _target_: 'Spacingd', pixdim: '$1 + 1' }) },
      /no equal of the transform Spacingd as the bundle uses it: pixdim/,
    ],
    [
      'another scale',
      { inference: scaledBy({ ...TRANSFORMS[4], b_min: -1 }) },
      /ScaleIntensityRanged as the bundle uses it: b_min/,
    ],
    [
      'two normalisations',
      { inference: scaledBy(TRANSFORMS[4] ?? {}, { _target_: 'NormalizeIntensityd' }) },
      /normalises twice, window and z-score/,
    ],
    [
      'no window',
      { inference: { inferer: undefined } },
      /one SlidingWindowInferer or SimpleInferer is looked for; there are 0/,
    ],
    ['a reference to itself', { inference: { ...scaledBy(), pixdim: '@pixdim' } }, /refers to itself/],
    ['no preprocessing', { inference: { preprocessing: undefined } }, /a chain `preprocessing`/],
    ['a version that is none', { metadata: { version: 'new' } }, /version: a version such as 1\.2\.0/],
    [
      'another number of labels',
      {
        metadata: { network_data_format: { ...METADATA.network_data_format, outputs: { pred: { num_channels: 2 } } } },
      },
      /one output \[1, 2, …\] of five axes; it has logits/,
    ],
    [
      'no ONNX weights',
      { weights: [] },
      /ONNX weights \(\*\.onnx\) are needed; there are none\. Inside the bundle: python -m monai\.bundle onnx_export/,
    ],
    ['two of them', { weights: ['a.onnx', 'b.onnx'] }, /holds a\.onnx, b\.onnx: say in model\.json/],
  ])('is refused with what to do: %s', async (_, changes, message) => {
    const refused = imported(writeBundle(changes));
    await expect(refused).rejects.toThrow(ModelFolderError);
    await expect(refused).rejects.toThrow(message);
  });

  it('is refused without its inference configuration', async () => {
    const folder = writeBundle();
    rmSync(path.join(folder, 'configs/inference.json'));
    await expect(imported(folder)).rejects.toThrow('a MONAI bundle has configs/inference.json');
  });

  it('tells that what it finds is tidied by the pipeline here', async () => {
    const tidied = {
      transforms: [...INFERENCE.postprocessing.transforms, { _target_: 'KeepLargestConnectedComponentd' }],
    };
    const { notes } = await imported(writeBundle({ inference: { postprocessing: tidied } }));
    expect(notes.join()).toContain('the pipeline’s step postprocess');
  });
});
