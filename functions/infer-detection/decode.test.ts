import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { letterboxOf } from '../../lib/imaging/letterbox.ts';
import { DetectionModelCard } from '../../schemas/model.ts';
import { decode } from './decode.ts';

const card = DetectionModelCard.parse(
  JSON.parse(readFileSync(path.join(import.meta.dirname, 'fixture/model.json'), 'utf8')),
);
/** An image twice as large as the model's input. */
const letterbox = letterboxOf({ rows: 128, columns: 128, pixelAspect: 1 }, { rows: 64, columns: 64 });

function outputs(given: { boxes?: number[]; objectness?: number[]; classes?: number[]; scope?: number[] }) {
  const { boxes = [0, 0, 10, 20], objectness = [0.9], classes = [0.2, 0.7, 0.1], scope = [0.8] } = given;
  const entries = Object.entries({ boxes, objectness, classes, scope });
  return Object.fromEntries(entries.map(([name, values]) => [name, { values: Float32Array.from(values) }]));
}

describe('decode', () => {
  it('gives boxes in pixels of the stored image, and the class with the highest score', () => {
    const { detections, inScope } = decode(card, outputs({}), letterbox);
    expect(inScope).toBe(true);
    expect(detections).toEqual([
      {
        box: [0, 0, 20, 40],
        objectness: expect.closeTo(0.9),
        class: 'no-fracture',
        scores: { fracture: expect.closeTo(0.2), 'no-fracture': expect.closeTo(0.7), hardware: expect.closeTo(0.1) },
      },
    ]);
  });

  it.each([
    ['below the threshold', { objectness: [0.49] }],
    ['outside the image', { boxes: [70, 70, 90, 90] }],
    ['without a number', { boxes: [Number.NaN, 0, 1, 1] }],
    ['on an image that is out of scope', { scope: [0.4] }],
    ['on an image whose scope is no number', { scope: [Number.NaN] }],
  ])('finds nothing %s', (_, given) => {
    expect(decode(card, outputs(given), letterbox).detections).toEqual([]);
  });

  it('keeps the better of two boxes on one hip', () => {
    const two = { boxes: [0, 0, 10, 20, 1, 0, 11, 20], objectness: [0.6, 0.9], classes: [1, 0, 0, 0, 1, 0] };
    expect(decode(card, outputs(two), letterbox).detections.map((found) => found.class)).toEqual(['no-fracture']);
  });

  it('clips a box that reaches out of the image', () => {
    expect(decode(card, outputs({ boxes: [-5, 50, 30, 70] }), letterbox).detections[0]?.box).toEqual([0, 100, 60, 128]);
  });

  it('refuses outputs that do not belong together', () => {
    expect(() => decode(card, outputs({ objectness: [1, 1] }), letterbox)).toThrow(/do not belong together/);
    expect(() => decode(card, {}, letterbox)).toThrow(/has no output boxes/);
  });
});
