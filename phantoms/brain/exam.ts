import { Random } from '../random.ts';
import { apply, type PhantomGrid, type PhantomVolume, rotation, type Vector } from '../volume.ts';
import { smoothNoise } from '../volume-noise.ts';
import { type Atlas, FIRST, STEP } from './atlas.ts';
import { type Contrast, type Tissues, tissuesOf } from './contrast.ts';
import { AtlasSampler } from './sampler.ts';
import { type Place, signalAt } from './signal.ts';

/** One acquisition of a head. */
export interface ExamWishes {
  contrast: Contrast;
  grid: PhantomGrid;
  /** Volume of the lesion at this time, mL. */
  lesionMl: number;
  /** How far the oedema has spread (mm beyond its first extent). */
  oedemaMm?: number;
  /** Seed of all that differs between two exams of an unchanged head: pose, bias field, noise. */
  seed: string;
  /** Seed of the tissues' signals, which a protocol shares with all its exams; the exam's own unless given. */
  protocol?: string;
  /** mm and degrees by which the head lies elsewhere; drawn unless given. */
  pose?: Pose;
  /** Standard deviation of the noise, as a part of white matter's signal; drawn unless given. */
  noise?: number;
}

/** How a head lies: mm, and degrees about x, y, z. */
export interface Pose {
  shift: Vector;
  turn: Vector;
}

export interface Exam {
  image: PhantomVolume<Uint16Array>;
  /** 1 where at least half of a voxel is lesion, 2 where it is something else that is as bright on FLAIR. */
  truth: PhantomVolume<Uint8Array>;
  /** Of the lesion in the patient, whatever the voxels are. */
  lesionMl: number;
}

/** Images a head as a scanner would: other pose, signals, bias field and noise for each seed. */
export function examine(atlas: Atlas, wishes: ExamWishes): Exam {
  const random = new Random(`${wishes.seed}/exam`);
  const pose = wishes.pose ?? poseOf(random);
  const tissues = tissuesOf(wishes.contrast, new Random(`${wishes.protocol ?? wishes.seed}/protocol`));
  const noiseLevel = wishes.noise ?? random.between(0.015, 0.06);
  const { signal, truth } = sample(atlas, tissues, pose, wishes);
  const values = detected(signal, wishes, random, noiseLevel);
  return {
    image: { grid: wishes.grid, values },
    truth: { grid: wishes.grid, values: truth },
    lesionMl: wishes.lesionMl,
  };
}

/** A pose as technicians bring it about. */
export function poseOf(random: Random): Pose {
  return {
    shift: [random.normal(0, 3), random.normal(0, 4), random.normal(0, 4)],
    turn: [random.normal(0, 5), random.normal(0, 3), random.normal(0, 4)],
  };
}

/** Index of a voxel → place among the atlas's nodes (three rows of four), in a head that lies as `pose` says. */
function toNodes({ affine }: PhantomGrid, { shift, turn }: Pose): number[] {
  const forward = rotation(turn);
  const back = [0, 3, 6, 1, 4, 7, 2, 5, 8].map((n) => forward[n] ?? 0);
  const column = (n: number, minus: Vector): Vector => [
    (affine[n] ?? 0) - minus[0],
    (affine[4 + n] ?? 0) - minus[1],
    (affine[8 + n] ?? 0) - minus[2],
  ];
  const columns = [0, 1, 2].map((n) => apply(back, column(n, [0, 0, 0])));
  const origin = apply(back, column(3, shift));
  return [0, 1, 2].flatMap((axis) => [
    ...columns.map((part) => (part[axis] ?? 0) / STEP),
    ((origin[axis] ?? 0) - (FIRST[axis] ?? 0)) / STEP,
  ]);
}

/** Thick slices are averaged over their thickness: one sample for each 2 mm or so. */
function sample(
  atlas: Atlas,
  tissues: Tissues,
  pose: Pose,
  { grid, lesionMl, oedemaMm = 0 }: ExamWishes,
): { signal: Float32Array; truth: Uint8Array } {
  const [columns, rows, slices] = grid.size;
  const [ax = 0, bx = 0, cx = 0, dx = 0, ay = 0, by = 0, cy = 0, dy = 0, az = 0, bz = 0, cz = 0, dz = 0] = toNodes(
    grid,
    pose,
  );
  const depths = depthsOf(Math.hypot(cx, cy, cz) * STEP);
  const width = Math.max(1.2, (Math.hypot(ax, ay, az) * STEP + Math.hypot(bx, by, bz) * STEP) / 2);
  const place: Place = { width, level: atlas.levelOf(lesionMl), oedema: oedemaMm, lesion: 0, bright: 0 };
  const sampler = new AtlasSampler(atlas.distances);
  const signal = new Float32Array(columns * rows * slices);
  const truth = new Uint8Array(signal.length);
  let n = 0;
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, n++) {
        let sum = 0;
        let lesion = 0;
        let bright = 0;
        for (const depth of depths) {
          const w = k + depth;
          sampler.moveTo(ax * i + bx * j + cx * w + dx, ay * i + by * j + cy * w + dy, az * i + bz * j + cz * w + dz);
          sum += signalAt(sampler, atlas, tissues, place);
          lesion += place.lesion;
          bright += place.bright;
        }
        signal[n] = sum / depths.length;
        truth[n] = lesion * 2 >= depths.length ? 1 : bright * 2 >= depths.length ? 2 : 0;
      }
    }
  }
  return { signal, truth };
}

/** Parts of a slice, from its middle, at which it is sampled. */
function depthsOf(spacing: number): number[] {
  const count = Math.max(1, Math.round(spacing / 2));
  return Array.from({ length: count }, (_, n) => (n + 0.5) / count - 0.5);
}

/** What arrives at the coil: bias field, Rician noise, the scanner's own scale; in CT plain noise. */
function detected(
  signal: Float32Array,
  { seed, grid, contrast }: ExamWishes,
  random: Random,
  noise: number,
): Uint16Array {
  const isMr = contrast !== 'CT';
  const scale = isMr ? random.between(200, 1500) : 1054;
  const sigma = (isMr ? noise : random.between(3, 12) / 1054) * scale;
  const emptied = isMr && random.chance(0.3);
  const field = isMr ? biasOf(`${seed}/bias`, grid, random.between(0.1, 0.5)) : () => 1;
  const normal = normals(random);
  const [columns, rows] = grid.size;
  const values = new Uint16Array(signal.length);
  for (let n = 0; n < signal.length; n++) {
    const value = (signal[n] ?? 0) * scale;
    if (emptied && value === 0) continue;
    const i = n % columns;
    const row = Math.floor(n / columns);
    const real = value * field(i, row % rows, Math.floor(row / rows)) + sigma * normal();
    const imaginary = isMr ? sigma * normal() : 0;
    const magnitude = isMr ? Math.sqrt(real * real + imaginary * imaginary) : Math.max(0, real);
    values[n] = Math.min(65535, magnitude + 0.5);
  }
  return values;
}

/** A smooth field about 1, by index. */
function biasOf(
  seed: string,
  { size, affine }: PhantomGrid,
  depth: number,
): (i: number, j: number, k: number) => number {
  const noise = smoothNoise(seed, 110);
  const spacing = [0, 1, 2].map((n) => Math.hypot(affine[n] ?? 0, affine[4 + n] ?? 0, affine[8 + n] ?? 0));
  const [a = 1, b = 1, c = 1] = spacing;
  const line = new Float32Array(size[0]);
  let [row, slice] = [-1, -1];
  return (i, j, k) => {
    if (j !== row || k !== slice) {
      [row, slice] = [j, k];
      for (let x = 0; x < line.length; x++) line[x] = Math.exp(depth * noise(a * x, b * j, c * k));
    }
    return line[i] ?? 1;
  };
}

/** Normally distributed numbers out of a table, for speed. */
function normals(random: Random): () => number {
  const table = Float32Array.from({ length: 65536 }, () => random.normal(0, 1));
  return () => table[(random.next() * 65536) | 0] ?? 0;
}
