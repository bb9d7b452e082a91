import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Atlas, atlasOf } from '../../phantoms/brain/atlas.ts';
import { otherBody } from '../../phantoms/brain/bodies.ts';
import { examine } from '../../phantoms/brain/exam.ts';
import { gridOf } from '../../phantoms/volume.ts';
import type { Segmenter } from '../segmenter.ts';
import { openBrainLesion } from './segmenter.ts';

const grid = gridOf({ size: [90, 100, 68], spacing: [2.2, 2.2, 3], centre: [0, 0, -4] });

describe('the brain lesion model', () => {
  let segmenter: Segmenter;
  let atlas: Atlas;
  beforeAll(async () => {
    segmenter = await openBrainLesion();
    atlas = atlasOf('model');
  }, 120_000);
  afterAll(() => segmenter.close());

  it('is the file that its card names, and at most 10 MB', () => {
    const bytes = readFileSync(path.join(import.meta.dirname, segmenter.card.file));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(segmenter.card.sha256);
    expect(bytes.length).toBeLessThan(10_000_000);
  });

  it('takes a FLAIR of a head, and labels it on its own grid', { timeout: 120_000 }, async () => {
    const { image } = examine(atlas, { contrast: 'FLAIR', grid, lesionMl: 18, seed: 'model' });
    const { labels, scope } = await segmenter.segment(image);
    expect(labels.grid).toEqual(grid);
    expect(labels.values.includes(1), 'something is found').toBe(true);
    expect(Math.max(...Object.values(scope)), 'the likeliest class').toBe(scope['flair-brain']);
  });

  it.each(['T1', 'T1c', 'T2'] as const)('calls a %s another contrast', { timeout: 120_000 }, async (contrast) => {
    const { image } = examine(atlas, { contrast, grid, lesionMl: 18, seed: 'model' });
    expect((await segmenter.segment(image)).scope['flair-brain']).toBeLessThan(segmenter.card.scope?.threshold ?? 0);
  });

  it('refuses another body', { timeout: 120_000 }, async () => {
    const { scope } = await segmenter.segment(otherBody('model', grid));
    expect(scope['flair-brain']).toBeLessThan(segmenter.card.scope?.threshold ?? 0);
  });
});
