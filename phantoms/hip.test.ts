import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hipRadiograph } from './hip.ts';
import { minimumVisible, type Radiograph } from './radiograph.ts';

const small = { longSide: 160 } as const;
const seeds = Array.from({ length: 12 }, (_, i) => `test/${i}`);
const digest = ({ pixels }: Radiograph): string => createHash('sha256').update(pixels).digest('hex');

describe('hipRadiograph', () => {
  it('makes the same image and truth of the same seed', () => {
    const [once, again] = [hipRadiograph('one', small), hipRadiograph('one', small)];
    expect(digest(again)).toBe(digest(once));
    expect(again.hips).toEqual(once.hips);
  });

  it('makes another image of another seed', () => {
    expect(digest(hipRadiograph('one', small))).not.toBe(digest(hipRadiograph('two', small)));
  });

  it('keeps every box within the image, and values within the bits stored', () => {
    for (const seed of seeds) {
      const { rows, columns, hips, partialHips, pixels, bitsStored } = hipRadiograph(seed, small);
      expect(pixels.length).toBe(rows * columns);
      expect(Math.max(...pixels)).toBeLessThan(2 ** bitsStored);
      for (const { box } of [...hips, ...partialHips]) {
        expect(box.every(Number.isInteger), `whole pixels in ${seed}`).toBe(true);
        expect(box[0], `left of ${seed}`).toBeGreaterThanOrEqual(0);
        expect(box[1], `top of ${seed}`).toBeGreaterThanOrEqual(0);
        expect(box[2], `right of ${seed}`).toBeLessThanOrEqual(columns);
        expect(box[3], `bottom of ${seed}`).toBeLessThanOrEqual(rows);
        expect(box[2] - box[0], `width in ${seed}`).toBeGreaterThan(0);
        expect(box[3] - box[1], `height in ${seed}`).toBeGreaterThan(0);
      }
    }
  });

  it('names the hips that are mostly in the field, and keeps the others apart', () => {
    for (const seed of seeds) {
      const { hips, partialHips } = hipRadiograph(seed, small);
      expect(hips.every(({ visible }) => visible >= minimumVisible)).toBe(true);
      expect(partialHips.every(({ visible }) => visible < minimumVisible)).toBe(true);
    }
  });

  it('shows what was asked for', () => {
    const { hips } = hipRadiograph('asked', {
      ...small,
      framing: 'pelvis',
      left: 'fracture',
      right: 'hardware',
      severity: 1,
    });
    expect(hips.map((hip) => [hip.side, hip.class])).toEqual([
      ['left', 'fracture'],
      ['right', 'hardware'],
    ]);
  });

  it("has the patient's left at the image's right, and the other way round in a mirror image", () => {
    for (const mirrored of [false, true]) {
      const image = hipRadiograph('sides', { ...small, framing: 'pelvis', mirrored });
      const middle = (side: string): number =>
        image.hips.filter((hip) => hip.side === side).map(({ box }) => (box[0] + box[2]) / 2)[0] ?? Number.NaN;
      expect(middle('left') > middle('right'), `left beyond right, mirrored: ${mirrored}`).toBe(!mirrored);
      expect(image.patientOrientation).toEqual([mirrored ? 'R' : 'L', 'F']);
    }
  });

  it('mirrors the truth with the pixels', () => {
    const [plain, mirror] = [false, true].map((mirrored) =>
      hipRadiograph('mirror', { ...small, framing: 'pelvis', mirrored }),
    );
    if (plain === undefined || mirror === undefined) throw new Error('no images');
    expect(mirror.hips.map((hip) => [hip.side, hip.class])).toEqual(plain.hips.map((hip) => [hip.side, hip.class]));
    for (const [i, hip] of mirror.hips.entries()) {
      const [x0, y0, x1, y1] = plain.hips[i]?.box ?? [0, 0, 0, 0];
      if (hip.visible < 1) continue;
      expect(hip.box).toEqual([plain.columns - x1, y0, plain.columns - x0, y1]);
    }
    expect(mirror.hips.filter(({ visible }) => visible === 1).length, 'hips compared').toBe(2);
  });

  it('stores the same picture inverted as MONOCHROME1', () => {
    const bright = hipRadiograph('grey', { ...small, photometricInterpretation: 'MONOCHROME2' });
    const dark = hipRadiograph('grey', { ...small, photometricInterpretation: 'MONOCHROME1' });
    const top = 2 ** bright.bitsStored - 1;
    expect(dark.bitsStored).toBe(bright.bitsStored);
    const furthest = dark.pixels.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(top - value - (bright.pixels[i] ?? 0))),
      0,
    );
    expect(furthest, 'levels between one and the inverse of the other').toBeLessThanOrEqual(1);
    expect(dark.hips).toEqual(bright.hips);
  });

  it('places hips alike at every resolution', () => {
    const [coarse, fine] = [hipRadiograph('scale', { longSide: 160 }), hipRadiograph('scale', { longSide: 320 })];
    expect(fine.hips.length).toBe(coarse.hips.length);
    for (const [i, { box }] of coarse.hips.entries()) {
      for (const [edge, value] of box.entries())
        expect(Math.abs((fine.hips[i]?.box[edge] ?? 0) - 2 * value)).toBeLessThanOrEqual(3);
    }
  });
});
