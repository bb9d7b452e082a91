import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hipRadiograph } from './hip.ts';
import { otherKinds, otherRadiograph } from './other.ts';
import type { HipTruth, Radiograph } from './radiograph.ts';
import { Random } from './random.ts';

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

/** The input of the network as bytes (0 to 255), and the way of a box into it. */
export function networkInput(
  radiograph: Radiograph,
  size: number,
): { tensor: Uint8Array; toInput: (box: HipTruth['box']) => HipTruth['box'] } {
  const { rows, columns, pixels } = radiograph;
  const inverted = radiograph.photometricInterpretation === 'MONOCHROME1';
  const [low, high] = percentiles(pixels, inverted ? [99, 1] : [1, 99]);
  const scale = size / Math.max(rows, columns);
  const [width, height] = [Math.round(columns * scale), Math.round(rows * scale)];
  const [left, top] = [Math.floor((size - width) / 2), Math.floor((size - height) / 2)];
  const tensor = new Uint8Array(size * size);
  for (let y = 0; y < height; y++) {
    const [y0, y1] = cell(y, height, rows);
    for (let x = 0; x < width; x++) {
      const [x0, x1] = cell(x, width, columns);
      let sum = 0;
      for (let row = y0; row < y1; row++) {
        for (let column = x0; column < x1; column++) sum += pixels[row * columns + column] ?? 0;
      }
      const level = (sum / ((y1 - y0) * (x1 - x0)) - low) / (high - low);
      tensor[(y + top) * size + x + left] = Math.round(255 * Math.min(1, Math.max(0, level)));
    }
  }
  return {
    tensor,
    toInput: ([x0, y0, x1, y1]) => [x0 * scale + left, y0 * scale + top, x1 * scale + left, y1 * scale + top],
  };
}

/** The stored pixels that make up pixel `i` of `count`. */
function cell(i: number, count: number, stored: number): [number, number] {
  const from = Math.floor((i * stored) / count);
  return [from, Math.max(from + 1, Math.floor(((i + 1) * stored) / count))];
}

function percentiles(pixels: Uint16Array, [low, high]: [number, number]): [number, number] {
  const counts = new Uint32Array(65536);
  for (const pixel of pixels) counts[pixel] = (counts[pixel] ?? 0) + 1;
  const at = (percent: number): number => {
    let left = (percent / 100) * (pixels.length - 1);
    for (let level = 0; level < counts.length; level++) {
      left -= counts[level] ?? 0;
      if (left < 0) return level;
    }
    return counts.length - 1;
  };
  const [first, last] = [at(low), at(high)];
  return [first, last === first ? first + 1 : last];
}
