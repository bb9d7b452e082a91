import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Random } from '../random.ts';
import { gridOf } from '../volume.ts';
import { type Atlas, atlasOf } from './atlas.ts';
import { otherBody } from './bodies.ts';
import type { Contrast } from './contrast.ts';
import { examine } from './exam.ts';

/** The grid of the training volumes: 2 mm, axial, LPS. */
export const TRAINING_GRID = gridOf({ size: [96, 112, 96], spacing: [2, 2, 2], centre: [0, 0, -8] });

/** One volume's line in `labels.json`. */
interface Label {
  kind: Contrast | 'body';
  lesionMl: number;
  /** Whose head it is. */
  head: number;
}

interface Shot {
  label: Label;
  image: Uint16Array;
  truth: Uint8Array;
}

/**
 * Writes training volumes on TRAINING_GRID, x fastest: `images.u8` (one byte a voxel, the brightest of 999 in 1000 is
 * 220), `truth.u8` (1 lesion, 2 as bright but no lesion) and `labels.json`. Each head gives two FLAIR exams with a lesion
 * that changed, most give one of another contrast too; bodies that are no heads come between.
 */
export async function writeBrainRaw(folder: string, { count, seed }: { count: number; seed: string }): Promise<void> {
  await mkdir(folder, { recursive: true });
  const images = createWriteStream(path.join(folder, 'images.u8'));
  const truths = createWriteStream(path.join(folder, 'truth.u8'));
  const labels: Label[] = [];
  for (let head = 0; head < count; head++) {
    for (const { label, image, truth } of shotsOf(`${seed}/${head}`, head)) {
      if (!images.write(toBytes(image))) await once(images, 'drain');
      if (!truths.write(truth)) await once(truths, 'drain');
      labels.push(label);
    }
  }
  images.end();
  truths.end();
  await Promise.all([once(images, 'finish'), once(truths, 'finish')]);
  await writeFile(path.join(folder, 'labels.json'), JSON.stringify({ size: TRAINING_GRID.size, seed, labels }));
}

function* shotsOf(seed: string, head: number): Generator<Shot> {
  const random = new Random(`${seed}/raw`);
  const atlas = atlasOf(seed);
  const volume = () => (random.chance(0.07) ? 0 : Math.exp(random.between(Math.log(1.5), Math.log(45))));
  yield shot(atlas, { seed: `${seed}/a`, kind: 'FLAIR', lesionMl: volume(), head }, random);
  yield shot(atlas, { seed: `${seed}/b`, kind: 'FLAIR', lesionMl: volume(), head }, random);
  if (random.chance(0.7)) {
    const kind = random.pick(['T1', 'T1', 'T1c', 'T1c', 'T2', 'T2', 'CT'] as const satisfies Contrast[]);
    yield shot(atlas, { seed: `${seed}/c`, kind, lesionMl: volume(), head }, random);
  }
  if (random.chance(0.3)) {
    const { values } = otherBody(seed, TRAINING_GRID);
    yield { label: { kind: 'body', lesionMl: 0, head }, image: values, truth: new Uint8Array(values.length) };
  }
}

function shot(
  atlas: Atlas,
  { seed, kind, lesionMl, head }: { seed: string; kind: Contrast; lesionMl: number; head: number },
  random: Random,
): Shot {
  const oedemaMm = random.chance(0.2) ? -30 : random.between(-8, 6);
  const exam = examine(atlas, { contrast: kind, grid: TRAINING_GRID, lesionMl, oedemaMm, seed });
  return { label: { kind, lesionMl, head }, image: exam.image.values, truth: exam.truth.values };
}

function toBytes(values: Uint16Array): Uint8Array {
  const counts = new Uint32Array(65536);
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  let top = 65535;
  for (let brighter = 0; top > 1; top--) {
    brighter += counts[top] ?? 0;
    if (brighter > values.length / 1000) break;
  }
  const bytes = new Uint8Array(values.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = Math.min(255, ((values[n] ?? 0) * 220) / top + 0.5);
  return bytes;
}
