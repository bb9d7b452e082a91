import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { iou } from '../../lib/imaging/boxes.ts';
import { hipRadiograph } from '../../phantoms/hip.ts';
import { otherRadiograph } from '../../phantoms/other.ts';
import type { Radiograph } from '../../phantoms/radiograph.ts';
import { type Detector, openDetector, type Picture } from './detector.ts';

const pictureOf = (radiograph: Radiograph): Picture => ({
  rows: radiograph.rows,
  columns: radiograph.columns,
  values: radiograph.pixels,
  inverted: radiograph.photometricInterpretation === 'MONOCHROME1',
});

describe('the hip model', () => {
  let detector: Detector;
  beforeAll(async () => {
    detector = await openDetector();
  });
  afterAll(() => detector.close());

  it('is the file that its card names, and at most 10 MB', () => {
    const bytes = readFileSync(path.join(import.meta.dirname, detector.card.file));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(detector.card.sha256);
    expect(bytes.length).toBeLessThan(10_000_000);
  });

  it.each(['MONOCHROME1', 'MONOCHROME2'] as const)(
    'finds both hips of a pelvis stored as %s',
    async (photometricInterpretation) => {
      const pelvis = hipRadiograph('model', {
        framing: 'pelvis',
        left: 'no-fracture',
        right: 'hardware',
        photometricInterpretation,
        longSide: 512,
      });
      const { detections } = await detector.detect(pictureOf(pelvis));
      expect(detections.length, 'hips found').toBe(2);
      for (const { side, box } of pelvis.hips) {
        const best = Math.max(...detections.map((hip) => iou(hip.box, box)));
        expect(best, `overlap with the ${side} hip`).toBeGreaterThan(0.6);
      }
    },
  );

  it('sees no hip in a chest', async () => {
    const { inScope, detections } = await detector.detect(
      pictureOf(otherRadiograph('model', { kind: 'chest', longSide: 512 })),
    );
    expect({ inScope, detections }).toEqual({ inScope: false, detections: [] });
  });
});
