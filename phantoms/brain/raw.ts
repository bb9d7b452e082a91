import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { resample } from '../../lib/imaging/resample3d.ts';
import { Random } from '../random.ts';
import { gridOf, type Plane } from '../volume.ts';
import { type Atlas, atlasOf } from './atlas.ts';
import { otherBody } from './bodies.ts';
import type { Contrast } from './contrast.ts';
import { type ExamWishes, examine } from './exam.ts';

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

type Shots = (seed: string, head: number) => Generator<Shot>;

/**
 * Writes volumes on TRAINING_GRID, x fastest: `images.u8` (one byte a voxel, the brightest of 999 in 1000 is 220),
 * `truth.u8` (1 lesion, 2 as bright but no lesion) and `labels.json`.
 *
 * To train on: each head gives three FLAIR exams with a lesion that changed, some give one of another contrast too; bodies
 * that are no heads come between. `acquired`, to measure by: each head is imaged twice, unchanged, at resolutions of its
 * own, and resampled to the grid as `preprocess` does it; one in three once more in another contrast.
 */
export async function writeBrainRaw(
  folder: string,
  { count, seed, acquired }: { count: number; seed: string; acquired?: true },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const images = createWriteStream(path.join(folder, 'images.u8'));
  const truths = createWriteStream(path.join(folder, 'truth.u8'));
  const labels: Label[] = [];
  const shots = acquired === true ? rescans : lessons;
  for (let head = 0; head < count; head++) {
    for (const { label, image, truth } of shots(`${seed}/${head}`, head)) {
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

const volumeOf = (random: Random): number => Math.exp(random.between(Math.log(2.5), Math.log(45)));
const otherContrast = (random: Random): Contrast => random.pick(['T1', 'T1', 'T1c', 'T1c', 'T2', 'T2', 'CT']);

const lessons: Shots = function* (seed, head) {
  const random = new Random(`${seed}/raw`);
  const atlas = atlasOf(seed);
  const wishes = (name: string, contrast: Contrast): ExamWishes => ({
    seed: `${seed}/${name}`,
    contrast,
    grid: TRAINING_GRID,
    lesionMl: random.chance(0.07) ? 0 : volumeOf(random),
    oedemaMm: random.chance(0.2) ? -30 : random.between(-8, 6),
  });
  yield shot(atlas, wishes('a', 'FLAIR'), head);
  yield shot(atlas, wishes('b', 'FLAIR'), head);
  yield shot(atlas, wishes('c', 'FLAIR'), head);
  if (random.chance(0.4)) yield shot(atlas, wishes('d', otherContrast(random)), head);
  if (random.chance(0.15)) {
    const { values } = otherBody(seed, TRAINING_GRID);
    yield { label: { kind: 'body', lesionMl: 0, head }, image: values, truth: new Uint8Array(values.length) };
  }
};

const rescans: Shots = function* (seed, head) {
  const random = new Random(`${seed}/rescans`);
  const atlas = atlasOf(seed);
  const lesionMl = volumeOf(random);
  const oedemaMm = random.between(-8, 6);
  const wishes = (name: string, contrast: Contrast): ExamWishes => ({
    seed: `${seed}/${name}`,
    protocol: `${seed}/${contrast}`,
    contrast,
    grid: resolutionOf(random),
    lesionMl,
    oedemaMm,
  });
  yield resampledShot(atlas, wishes('a', 'FLAIR'), head);
  yield resampledShot(atlas, wishes('b', 'FLAIR'), head);
  if (head % 3 === 0) yield resampledShot(atlas, wishes('c', otherContrast(random)), head);
};

/** A grid as 3-D sequences and older 2-D ones have it, around the head. */
function resolutionOf(random: Random): ExamWishes['grid'] {
  const pixel = random.between(1.1, 1.8);
  const slice = random.pick([pixel, pixel, 2, 3]);
  const plane = random.pick<Plane>(['axial', 'axial', 'sagittal', 'coronal']);
  const across = Math.round(224 / pixel);
  const size = [across, across, Math.round((plane === 'axial' ? 190 : 210) / slice)] as const;
  return gridOf({ size, spacing: [pixel, pixel, slice], plane, centre: [0, 0, -8] });
}

function shot(atlas: Atlas, wishes: ExamWishes, head: number): Shot {
  const { image, truth } = examine(atlas, wishes);
  return { label: labelOf(wishes, head), image: image.values, truth: truth.values };
}

function resampledShot(atlas: Atlas, wishes: ExamWishes, head: number): Shot {
  const { image, truth } = examine(atlas, wishes);
  const lesion = { grid: truth.grid, values: Float32Array.from(truth.values, (part) => (part === 1 ? 1 : 0)) };
  return {
    label: labelOf(wishes, head),
    image: Uint16Array.from(resample(image, TRAINING_GRID).values, Math.round),
    truth: Uint8Array.from(resample(lesion, TRAINING_GRID).values, Math.round),
  };
}

const labelOf = ({ contrast, lesionMl }: ExamWishes, head: number): Label => ({ kind: contrast, lesionMl, head });

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
