import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diceOf } from '../../lib/imaging/agreement.ts';
import { type AbdomenOptions, abdomenPhantom } from '../../phantoms/abdomen/phantom.ts';
import { renderAbdomen } from '../../phantoms/abdomen/render.ts';
import type { Segmenter } from '../segmenter.ts';
import { openLiverLobes } from './segmenter.ts';

const TIMEOUT_MS = 120_000;
const grid = { size: [100, 84, 48], spacing: [3.4, 3.4, 5] } as const;
const usual = { ...grid, liver: 'normal', noise: 10, blur: 2 } as const;

const scanned = (options: Partial<AbdomenOptions> = {}) => {
  const phantom = abdomenPhantom('model', { ...usual, ...options });
  const { hu, labels } = renderAbdomen(phantom);
  return { ct: { grid: phantom.grid, values: hu }, truth: labels };
};

describe('the liver model', () => {
  let segmenter: Segmenter;
  beforeAll(async () => {
    segmenter = await openLiverLobes();
  }, TIMEOUT_MS);
  afterAll(() => segmenter.close());

  it('is the file that its card names, and at most 10 MB', () => {
    const bytes = readFileSync(path.join(import.meta.dirname, segmenter.card.file));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(segmenter.card.sha256);
    expect(bytes.length).toBeLessThan(10_000_000);
  });

  it.each<[string, Partial<AbdomenOptions>]>([
    ['from feet to head', {}],
    ['from head to feet', { reversed: true }],
  ])('tells left lobe from right, stored %s', { timeout: TIMEOUT_MS }, async (_, options) => {
    const { ct, truth } = scanned(options);
    const { labels, scope } = await segmenter.segment(ct);
    for (const lobe of [1, 2]) expect(diceOf(labels.values, truth, lobe), `Dice of lobe ${lobe}`).toBeGreaterThan(0.75);
    expect(scope['portal-venous-abdomen']).toBeGreaterThan(0.5);
  });

  it.each<[string, Partial<AbdomenOptions>]>([
    ['a native CT', { phase: 'native' }],
    ['an arterial CT', { phase: 'arterial' }],
    ['a CT of the pelvis', { region: 'pelvis' }],
    ['a CT of the head', { region: 'head' }],
  ])('refuses %s by its pixels', { timeout: TIMEOUT_MS }, async (_, options) => {
    const { scope } = await segmenter.segment(scanned(options).ct);
    expect(scope['portal-venous-abdomen']).toBeLessThan(0.5);
  });
});
