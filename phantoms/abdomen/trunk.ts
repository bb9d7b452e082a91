import type { Random } from '../random.ts';
import type { Shape } from '../volume-shapes.ts';
import { diaphragmField, type Frame, girth } from './frame.ts';
import { ellipsoid, type Solid, tube } from './solids.ts';
import { type Tissue, tissueNumber } from './tissue.ts';

/** Finds the tissue of a point by what encloses it: skin, fat, muscle with ribs in it, lung or the fat of the belly. */
export type Enclosure = (x: number, y: number, z: number) => number;

/** Height of the pelvic floor's end of the trunk and of the neck's, in mm. */
const ENDS = { low: -420, high: 330 };

/** Skin, subcutaneous fat, wall with ribs, and what fills the cavity above and below the diaphragm. */
export function encloses(random: Random, frame: Frame): Enclosure {
  const { cavity, muscle, fat } = frame;
  const at = girth(frame);
  const above = diaphragmField(frame);
  const mean = (cavity.width + cavity.depth) / 2;
  const outer = 1 + muscle / mean;
  const [front, back] = [random.between(0.5, 1), random.between(0.4, 0.9)];
  const rib = ribs(random, frame);
  const number = tissueNumber;
  return (x, y, z) => {
    if (z < ENDS.low || z > ENDS.high) return number.air;
    const part = at(x, y, z);
    if (part < 1) {
      if (part > 1 - 1.5 / mean) return number.muscle;
      const height = above(x, y, z);
      return height > 1.5 ? number.lung : height > -1.5 ? number.muscle : number.fat;
    }
    if (part < outer) return rib(part, x, y, z);
    const under = fat * (y < 0 ? front : back) + Math.abs(x / cavity.width) * fat * 0.3;
    const rest = (part - outer) * mean;
    return rest < under ? number.fat : rest < under + 2 ? number.skin : number.air;
  };
}

/** Ribs run down and forward in the wall, each a shell of bone around marrow; below the arch there is muscle alone. */
function ribs(
  random: Random,
  { cavity, muscle, size }: Frame,
): (part: number, x: number, y: number, z: number) => number {
  const apart = random.between(26, 34) * size;
  const slope = random.between(0.3, 0.6);
  const shift = random.between(0, apart);
  const thick = random.between(4, 6.5);
  const mean = (cavity.width + cavity.depth) / 2;
  return (part, x, y, z) => {
    const depth = (part - 1) * mean - muscle * 0.4;
    const arch = -70 * size + 85 * size * Math.max(0, -y / cavity.depth) ** 1.5;
    if (z < arch || Math.abs(x) < 14) return tissueNumber.muscle;
    const along = z - slope * y + shift;
    const across = along - Math.round(along / apart) * apart;
    const away = Math.sqrt((across * across) / 2.25 + depth * depth);
    if (away > thick) return tissueNumber.muscle;
    return away > thick * 0.55 ? tissueNumber.bone : tissueNumber.marrow;
  };
}

/** Muscles of the back, spine, pelvis and heart, in the order of painting. */
export function drawTrunk(random: Random, frame: Frame): Solid[] {
  const { size, spineY, cavity, domes } = frame;
  const back = ([-1, 1] as const).flatMap((side) => [
    tube('muscle', [
      [side * 36 * size, spineY + 34 * size, -330, 27 * size],
      [side * 34 * size, spineY + 34 * size, 250, 24 * size],
    ]),
    tube('muscle', [
      [side * 78, -20, -330, 24],
      [side * 42 * size, spineY + 2, -110, 23 * size],
      [side * 28 * size, spineY + 4, 0, 8],
    ]),
  ]);
  return [
    ...back,
    ellipsoid(
      'heart',
      [random.between(5, 28), -cavity.depth * 0.42, domes.left + random.between(28, 42)],
      [random.between(48, 62), random.between(38, 48), random.between(38, 50)],
    ),
    ...drawSpine(random, frame),
    ...drawPelvis(frame),
  ];
}

function drawSpine(random: Random, { size, spineY }: Frame): Solid[] {
  const period = random.between(31, 37) * size;
  const shift = random.between(0, period);
  const [width, depth] = [random.between(20, 25) * size, random.between(15, 19) * size];
  const body: Shape = (x, y) => (round(x / width, (y - spineY) / depth) - 1) * depth;
  const from = (z: number): number => Math.abs(((((z + shift) % period) + period) % period) - period / 2);
  const bound: Solid['box'] = [-60, spineY - 30, -400, 60, spineY + 75, ENDS.high];
  const canal = spineY + depth + 9;
  const solid = (tissue: Tissue, field: Shape): Solid => ({ tissue, field, box: bound });
  return [
    solid('disc', body),
    solid('bone', (x, y, z) => Math.max(body(x, y, z), from(z) - period * 0.4)),
    solid('marrow', (x, y, z) => Math.max(body(x, y, z) + 2.5, from(z) - period * 0.36)),
    // Arches, spinous and transverse processes, at the height of each body.
    solid('bone', (x, y, z) => Math.max(Math.abs(round(x / 1.1, y - canal) - 13) - 3.5, from(z) - period * 0.33)),
    solid('bone', (x, y, z) => Math.max(Math.abs(x) - 4, canal + 10 - y, y - canal - 34, from(z) - period * 0.28)),
    solid('bone', (x, y, z) =>
      Math.max(Math.abs(x) - 42 * size, Math.abs(y - canal + 4) - 4, 14 - Math.abs(x), from(z) - 6),
    ),
    solid('nerve', (x, y) => round(x / 1.1, y - canal) - 9.5),
  ];
}

function drawPelvis({ cavity, spineY, size }: Frame): Solid[] {
  const shell = (side: number): Shape => {
    return (x, y, z) => {
      const u = (side * x - 78 * size) / 20 - (z + 240) / 110;
      return Math.max(Math.abs(u) * 14 - 6, round((y - spineY * 0.35) / 62, (z + 235) / 62) * 40 - 40);
    };
  };
  return ([-1, 1] as const).flatMap((side): Solid[] => [
    { tissue: 'bone', field: shell(side), box: [-200, -100, -320, 200, 160, -160] },
    ellipsoid('muscle', [side * 85, spineY * 0.9, -290], [55, 45, 75]),
    ellipsoid('bone', [side * cavity.width * 0.68, spineY * 0.1, -335], [26, 26, 26]),
    ellipsoid('marrow', [side * cavity.width * 0.68, spineY * 0.1, -335], [22, 22, 22]),
  ]);
}

/** A skull with brain, for what is no abdomen at all. */
export function drawHead(random: Random): Solid[] {
  const radii = [random.between(66, 80), random.between(84, 98), random.between(75, 95)] as const;
  const less = (by: number): [number, number, number] => [radii[0] - by, radii[1] - by, radii[2] - by];
  return [
    tube('muscle', [
      [0, 20, -260, 60],
      [0, 10, -60, 55],
    ]),
    tube('bone', [
      [0, 35, -260, 16],
      [0, 30, -60, 16],
    ]),
    ellipsoid('skin', [0, 0, 20], less(0)),
    ellipsoid('fat', [0, 0, 20], less(2)),
    ellipsoid('bone', [0, 0, 20], less(6)),
    ellipsoid('nerve', [0, 4, 22], less(random.between(11, 15))),
    ellipsoid('bladder', [-12, 5, 30], [8, 28, 12]),
    ellipsoid('bladder', [12, 5, 30], [8, 28, 12]),
    ellipsoid('gas', [0, -radii[1] + 20, -32], [22, 14, 26]),
  ];
}

/** Math.hypot of two, many times faster. */
function round(u: number, v: number): number {
  return Math.sqrt(u * u + v * v);
}
