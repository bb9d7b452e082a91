import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fillInput, letterboxOf, toInput } from '../lib/imaging/letterbox.ts';
import { percentileWindow } from '../lib/imaging/window.ts';
import { hipRadiograph } from './hip.ts';
import { otherKinds, otherRadiograph } from './other.ts';
import type { Box, HipTruth, Radiograph } from './radiograph.ts';
import { Random } from './random.ts';

/** Percentiles that the model's card names. */
const WINDOW = { low: 1, high: 99 };

/** One line of a training set's labels. Boxes are in pixels of the network's input. */
interface Label {
  kind: string;
  photometricInterpretation: string;
  hips: HipTruth[];
  partialHips: HipTruth[];
}

/**
 * Writes `images.u8` (`count` images of `size` × `size`, one byte a pixel, bone bright, windowed and letterboxed as the
 * model's card says) and `labels.json`. A third of them show no hip; one in twelve hips is a child's.
 */
export async function writeRaw(
  folder: string,
  options: { count: number; seed: string; size: number; others?: number },
): Promise<void> {
  const { count, seed, size } = options;
  await mkdir(folder, { recursive: true });
  const out = createWriteStream(path.join(folder, 'images.u8'));
  const labels: Label[] = [];
  for (let i = 0; i < count; i++) {
    const random = new Random(`raw/${seed}/${i}`);
    const other = random.chance(options.others ?? 1 / 3);
    const kind = other ? random.pick(otherKinds) : random.chance(1 / 12) ? 'child' : 'hip';
    // Drawn finer than the network sees it, then averaged: fine lines stay what they are in a large image.
    const longSide = Math.round(size * random.between(1.3, 1.7));
    const radiograph =
      kind === 'hip' || kind === 'child'
        ? hipRadiograph(`${seed}/${i}`, { longSide, child: kind === 'child' })
        : otherRadiograph(`${seed}/${i}`, { kind, longSide });
    const { tensor, toInput } = networkInput(radiograph, size);
    if (!out.write(tensor)) await once(out, 'drain');
    labels.push({
      kind,
      photometricInterpretation: radiograph.photometricInterpretation,
      hips: radiograph.hips.map((hip) => ({ ...hip, box: toInput(hip.box) })),
      partialHips: radiograph.partialHips.map((hip) => ({ ...hip, box: toInput(hip.box) })),
    });
  }
  out.end();
  await once(out, 'finish');
  await writeFile(path.join(folder, 'labels.json'), JSON.stringify({ count, size, seed, labels }));
}

/** The input of the network as bytes (0 to 255), made as the operator `preprocess` makes it, and the way of a box into it. */
function networkInput(radiograph: Radiograph, size: number): { tensor: Uint8Array; toInput: (box: Box) => Box } {
  const { rows, columns, pixels: values } = radiograph;
  const letterbox = letterboxOf({ rows, columns, pixelAspect: 1 }, { rows: size, columns: size });
  const window = percentileWindow(values, WINDOW);
  const inverted = radiograph.photometricInterpretation === 'MONOCHROME1';
  const tensor = fillInput({ rows, columns, values }, letterbox, window, { inverted, padding: 0 });
  return {
    tensor: Uint8Array.from(tensor, (level) => Math.round(level * 255)),
    toInput: (box) => toInput(letterbox, box),
  };
}
