import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Layout } from '../../functions/infer-segmentation/slide.ts';
import type { Size, Sliding } from '../../functions/infer-segmentation/windows.ts';
import { monai } from '../peers/python.ts';
import { describeWith } from '../peers/skip.ts';
import { type Pair, startPair, testVolume } from './inference/monai.ts';

const python = await monai();
/** Python takes a while to read PyTorch, on a busy machine a minute and more. */
const LOADING_MS = 600_000;
const missing = 'MONAI on PyTorch cannot be had: it needs Python 3.11 or later with venv, and some gigabytes by pip';

describeWith('the sliding window and MONAI’s', python, missing, (peer) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair(peer, 4, 1);
  }, LOADING_MS);
  afterAll(() => pair?.close());

  it.each<[string, Size, Sliding, Layout]>([
    ['half overlapping, Gaussian', [25, 30, 40], { size: [24, 20, 16], overlap: 0.5, weights: 'gaussian' }, 'kji'],
    [
      'the other layout, windows of three sizes',
      [25, 30, 40],
      { size: [16, 20, 24], overlap: 0.25, weights: 'gaussian' },
      'ijk',
    ],
    [
      'a volume smaller than the window',
      [21, 40, 17],
      { size: [32, 32, 32], overlap: 0.5, weights: 'gaussian' },
      'kji',
    ],
    ['weights all alike', [20, 33, 28], { size: [16, 16, 16], overlap: 0.6, weights: 'constant' }, 'kji'],
  ])('agree to 1e-4: %s', async (_, size, sliding, layout) => {
    const task = { size, values: testVolume(size), sliding, layout };
    const [theirs, ours] = [await pair.monai(task), await pair.ours(task)];
    expect(ours.scores.length).toBe(theirs.scores.length);
    const difference = ours.scores.reduce(
      (most, score, at) => Math.max(most, Math.abs(score - (theirs.scores[at] ?? 0))),
      0,
    );
    const spread = theirs.scores.reduce((most, score) => Math.max(most, Math.abs(score)), 0);
    console.log(`largest difference ${difference.toExponential(1)}, of scores up to ${spread.toFixed(2)}`);
    expect(spread).toBeGreaterThan(0.1);
    expect(difference).toBeLessThan(1e-4);
  });
});
