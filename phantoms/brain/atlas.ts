import { Random } from '../random.ts';
import { type Scalar, smoothNoise } from '../volume-noise.ts';
import { type Head, headOf } from './anatomy.ts';
import { type Pathology, pathologyOf } from './pathology.ts';

/** Names of the distances that an atlas holds of every place. */
export const Part = {
  skin: 0,
  skull: 1,
  pia: 2,
  ventricles: 3,
  deepGrey: 4,
  eyes: 5,
  air: 6,
  cavity: 7,
  lesion: 8,
  oedema: 9,
  /** Gliosis, caps and spots. */
  scar: 10,
} as const;
export const PARTS = 11;

/** The atlas's own grid: nodes along x, y, z, the first node's place, and mm between them. */
export const NODES = [96, 120, 104] as const;
export const FIRST = [-95, -125, -112] as const;
export const STEP = 2;

/** A patient's head: distances (mm, negative inside) on a grid of 2 mm, PARTS of them a node, x fastest. Exams sample it. */
export interface Atlas {
  distances: Float32Array;
  cortex: number;
  bone: number;
  /** Mottling of the lesion, −1…1. */
  mottle: Scalar;
  /** Mottling of healthy tissue, −1…1. */
  grain: Scalar;
  /** How far the lesion has to reach (mm) to have this volume. */
  levelOf: (ml: number) => number;
}

/** The head of a seed with what was done to it. */
export function atlasOf(seed: string): Atlas {
  const random = new Random(`${seed}/head`);
  const head = headOf(seed, random);
  const distances = fill(head, pathologyOf(seed, head));
  return {
    distances,
    cortex: head.cortex,
    bone: head.bone,
    mottle: smoothNoise(`${seed}/mottle`, random.between(5, 7.5)),
    grain: smoothNoise(`${seed}/grain`, 9),
    levelOf: levels(distances),
  };
}

function fill(head: Head, pathology: Pathology): Float32Array {
  const [columns, rows, slices] = NODES;
  const distances = new Float32Array(columns * rows * slices * PARTS).fill(99);
  let at = 0;
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, at += PARTS) {
        fillNode(distances, at, head, pathology, FIRST[0] + STEP * i, FIRST[1] + STEP * j, FIRST[2] + STEP * k);
      }
    }
  }
  return distances;
}

/** Leaves out what cannot be where the place is; it stays far away. */
function fillNode(
  into: Float32Array,
  at: number,
  head: Head,
  pathology: Pathology,
  x: number,
  y: number,
  z: number,
): void {
  const [bx, by, bz] = head.bend(x, y, z);
  const skull = head.skull(bx, by, bz);
  const skin = head.skin(bx, by, bz, skull);
  into[at + Part.skin] = skin;
  if (skin > 6) return;
  into[at + Part.skull] = skull;
  if (skull > -8) {
    into[at + Part.eyes] = head.eyes(bx, by, bz);
    into[at + Part.air] = Math.max(head.air(bx, by, bz), 3 - skull);
  }
  if (skull > 6) return;
  into[at + Part.pia] = head.pia(bx, by, bz, skull);
  const ventricles = head.ventricles(bx, by, bz);
  const cavity = pathology.cavity(x, y, z);
  into[at + Part.ventricles] = ventricles;
  into[at + Part.deepGrey] = head.deepGrey(bx, by, bz);
  into[at + Part.cavity] = cavity;
  into[at + Part.lesion] = pathology.lesion(x, y, z);
  into[at + Part.oedema] = pathology.oedema(x, y, z);
  const gliosis = cavity < 12 ? cavity - pathology.gliosis(x, y, z) : 99;
  const caps = ventricles < 16 ? ventricles - pathology.caps(x, y, z) : 99;
  into[at + Part.scar] = Math.min(gliosis, caps, pathology.spots(x, y, z));
}

/** How far a place is from a lesion that has grown to `level`: it keeps out of the skull, the cavity and the ventricles. */
export function lesionDistance(
  lesion: number,
  { skull, cavity, ventricles }: { skull: number; cavity: number; ventricles: number },
  level: number,
): number {
  return Math.max(lesion - level, skull + 2, 0.5 - cavity, 0.5 - ventricles);
}

/** @returns the level of a volume, found by halving among the nodes that a lesion may take */
function levels(distances: Float32Array): (ml: number) => number {
  const nodes: { lesion: number; limit: number }[] = [];
  for (let at = 0; at < distances.length; at += PARTS) {
    const lesion = distances[at + Part.lesion] ?? 99;
    if (lesion > 30) continue;
    const of = (part: number) => distances[at + part] ?? 99;
    const surroundings = { skull: of(Part.skull), cavity: of(Part.cavity), ventricles: of(Part.ventricles) };
    const limit = lesionDistance(-99, surroundings, 0);
    if (limit < STEP) nodes.push({ lesion, limit });
  }
  const volume = (level: number): number =>
    nodes.reduce((sum, { lesion, limit }) => sum + fraction(Math.max(lesion - level, limit), STEP), 0) *
    (STEP ** 3 / 1000);
  return (ml) => {
    if (ml <= 0) return -99;
    let [low, high] = [-30, 29];
    for (let n = 0; n < 16; n++) {
      const middle = (low + high) / 2;
      if (volume(middle) < ml) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
}

/** Which part of a voxel `width` mm wide is inside, by its middle's distance from the surface. */
export function fraction(distance: number, width: number): number {
  return Math.min(Math.max(0.5 - distance / width, 0), 1);
}
