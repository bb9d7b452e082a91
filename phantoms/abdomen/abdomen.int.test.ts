import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AbdomenOptions, type AbdomenPhantom, abdomenPhantom } from './phantom.ts';
import { abdomenSlices, type RenderedAbdomen, renderAbdomen } from './render.ts';
import { type Tissue, tissueNumber } from './tissue.ts';

const coarse = { size: [40, 34, 30], spacing: [9, 9, 8.8] } as const;
const seeds = ['test/0', 'test/1'];
const digest = ({ hu }: RenderedAbdomen): string => createHash('sha256').update(hu).digest('hex');

const rendered = (seed: string, options: Partial<AbdomenOptions> = {}): RenderedAbdomen =>
  renderAbdomen(abdomenPhantom(seed, { ...coarse, ...options }));

/** Mean HU of a tissue. */
function meanOf({ hu, tissue }: RenderedAbdomen, name: Tissue): number {
  const values = hu.filter((_, at) => tissue[at] === tissueNumber[name]);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Where the middle of a label lies in the patient (LPS, mm). */
function middleOf({ grid }: AbdomenPhantom, labels: Uint8Array, label: number): [number, number, number] {
  const [columns, rows] = grid.size;
  const sums = [0, 0, 0, 0];
  labels.forEach((found, at) => {
    if (found !== label) return;
    const index = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / columns / rows), 1];
    for (let row = 0; row < 3; row++) {
      sums[row] =
        (sums[row] ?? 0) + index.reduce((sum, part, axis) => sum + part * (grid.affine[4 * row + axis] ?? 0), 0);
    }
    sums[3] = (sums[3] ?? 0) + 1;
  });
  const [x = 0, y = 0, z = 0, count = 1] = sums;
  return [x / count, y / count, z / count];
}

describe('an abdominal CT phantom', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(digest(rendered('one'))).toBe(digest(rendered('one')));
    expect(digest(rendered('one'))).not.toBe(digest(rendered('two')));
  });

  it.each<[string, Partial<AbdomenOptions>]>([
    ['from feet to head', {}],
    ['from head to feet', { reversed: true }],
    ['as an oblique exam', { oblique: [10, -8, 12] }],
    ['as a coronal exam', { plane: 'coronal', size: [40, 30, 34] }],
  ])("has the right lobe at the patient's right, stored %s", (_, options) => {
    for (const seed of seeds) {
      const phantom = abdomenPhantom(seed, { ...coarse, ...options });
      const { labels } = renderAbdomen(phantom);
      const [left, right] = [middleOf(phantom, labels, 1), middleOf(phantom, labels, 2)];
      expect(left[0] - right[0], `mm from right to left lobe in ${seed}`).toBeGreaterThan(35);
      expect(right[0], `x of the right lobe in ${seed}`).toBeLessThan(-20);
    }
  });

  it('keeps its volumes on another grid', () => {
    const wide = { turn: [0, 0, 0] } as const;
    const one = rendered('grid', wide).volumesMl;
    const finer = rendered('grid', { ...wide, size: [60, 52, 44], spacing: [6, 6, 6] }).volumesMl;
    for (const lobe of ['left-lobe', 'right-lobe'] as const)
      expect(Math.abs(finer[lobe] / one[lobe] - 1), lobe).toBeLessThan(0.05);
  });

  it('has lobes of the size of lobes, and vessels in them', () => {
    for (const seed of seeds) {
      const { volumesMl } = rendered(seed, { turn: [0, 0, 0] });
      expect(volumesMl['right-lobe'], `mL right in ${seed}`).toBeGreaterThan(300);
      expect(volumesMl['left-lobe'], `mL left in ${seed}`).toBeGreaterThan(80);
      expect(volumesMl.vessels, `mL of vessels in ${seed}`).toBeGreaterThan(8);
      expect(volumesMl['left-lobe'] + volumesMl['right-lobe'], `mL in ${seed}`).toBeLessThan(3500);
    }
  });

  it('enhances as the phase says', () => {
    const quiet = { noise: 2, liver: 'normal' } as const;
    const of = (phase: 'native' | 'arterial' | 'portal-venous') => rendered('phases', { ...quiet, phase });
    const [native, arterial, portal] = [of('native'), of('arterial'), of('portal-venous')];
    const contrast = (ct: RenderedAbdomen) => meanOf(ct, 'portal-vein') - meanOf(ct, 'liver-right');
    expect(contrast(portal), 'vessels above parenchyma in the portal-venous phase').toBeGreaterThan(10);
    expect(contrast(native), 'vessels above parenchyma in the native phase').toBeLessThan(0);
    expect(meanOf(arterial, 'aorta'), 'aorta in the arterial phase').toBeGreaterThan(meanOf(portal, 'aorta'));
    expect(meanOf(portal, 'liver-right')).toBeGreaterThan(meanOf(native, 'liver-right') + 20);
  });

  it('has neighbours of the same intensity, so that a threshold finds no liver', () => {
    const { hu, labels } = rendered('overlap', { phase: 'portal-venous', liver: 'normal', noise: 20 });
    const liver = hu.filter((_, at) => labels[at] === 1 || labels[at] === 2);
    const mean = liver.reduce((sum, value) => sum + value, 0) / liver.length;
    const alike = hu.filter((value, at) => labels[at] === 0 && Math.abs(value - mean) < 40).length;
    expect(alike / liver.length, 'other voxels as bright, for each of the liver').toBeGreaterThan(0.7);
  });

  it('shows no liver in other regions', () => {
    for (const region of ['pelvis', 'head'] as const) {
      const { volumesMl, hu } = rendered('elsewhere', { region });
      expect(volumesMl['left-lobe'] + volumesMl['right-lobe'] + volumesMl.vessels, region).toBe(0);
      expect(hu.filter((value) => value > -200).length / hu.length, `body in ${region}`).toBeGreaterThan(0.05);
    }
  });

  it('comes slice by slice, each when it is asked for', () => {
    const huge = abdomenPhantom('huge', { size: [40, 40, 100_000], spacing: [9, 9, 0.1] });
    const slices = abdomenSlices(huge);
    const first = slices.next().value;
    expect(first?.hu.length).toBe(1600);
    expect(first?.tissue.length).toBe(1600);
  });
});
