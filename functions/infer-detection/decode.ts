import { area, suppress } from '../../lib/imaging/boxes.ts';
import { toImage } from '../../lib/imaging/letterbox.ts';
import type { DetectionModelCard } from '../../schemas/model.ts';
import type { Detection, Letterbox } from '../../schemas/radiograph.ts';
import type { Box } from '../../schemas/result.ts';

/** What a session gives: the numbers of each output by its name. */
type Outputs = Readonly<Record<string, { readonly values: Float32Array }>>;

/** What the model says of one image. */
export interface Decoded {
  readonly scope: number;
  readonly inScope: boolean;
  /** Highest objectness first; empty where the image is out of scope. */
  readonly detections: Detection[];
}

/**
 * Reads the model's outputs by its card: candidates above the objectness threshold, overlaps suppressed, boxes in pixels
 * of the stored image. Boxes that lie outside the image are none.
 *
 * @throws {Error} the outputs do not have the shapes that the card promises
 */
export function decode(card: DetectionModelCard, outputs: Outputs, letterbox: Letterbox): Decoded {
  const boxes = named(outputs, card.outputs.boxes);
  const objectness = named(outputs, card.outputs.objectness);
  const classes = named(outputs, card.outputs.classes);
  const [scope] = named(outputs, card.outputs.scope);
  const count = objectness.length;
  if (boxes.length !== 4 * count || classes.length !== card.classes.length * count || scope === undefined) {
    throw new Error(
      `Model ${card.name} ${card.version} gives ${count} objectness, ${boxes.length} box and ${classes.length} class values, which do not belong together.`,
    );
  }
  if (!(scope >= card.thresholds.scope)) return { scope: finite(scope), inScope: false, detections: [] };
  const candidates = Array.from(objectness, (score, index) => ({ score, index, box: boxAt(boxes, index) })).filter(
    ({ score, box }) => score >= card.thresholds.objectness && box.every(Number.isFinite),
  );
  const detections = suppress(candidates, card.thresholds.nmsIou).flatMap(({ score, index, box }) => {
    const [x0, y0, x1, y1] = toImage(letterbox, box);
    const inImage: Box = [hundredths(x0), hundredths(y0), hundredths(x1), hundredths(y1)];
    if (area(inImage) === 0) return [];
    const scores = card.classes.map(
      (name, at) => [name, finite(classes[index * card.classes.length + at] ?? 0)] as const,
    );
    const best = scores.reduce((a, b) => (b[1] > a[1] ? b : a));
    return [{ box: inImage, objectness: score, class: best[0], scores: Object.fromEntries(scores) }];
  });
  return { scope, inScope: true, detections };
}

function named(outputs: Outputs, name: string): Float32Array {
  const values = outputs[name]?.values;
  if (values === undefined)
    throw new Error(`The model has no output ${name}; it has ${Object.keys(outputs).join(', ')}.`);
  return values;
}

function boxAt(boxes: Float32Array, index: number): Box {
  const at = (offset: number) => boxes[4 * index + offset] ?? Number.NaN;
  return [at(0), at(1), at(2), at(3)];
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A model that answers NaN is believed in nothing. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
