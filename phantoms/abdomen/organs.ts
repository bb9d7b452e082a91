import type { Random } from '../random.ts';
import type { Vector } from '../volume.ts';
import { type Frame, girth } from './frame.ts';
import type { Liver } from './liver.ts';
import { around, ellipsoid, ellipsoidField, type Solid, tube } from './solids.ts';

/** Spleen, kidneys, stomach, gut, pancreas, great vessels, gallbladder, bladder: in the order of painting. */
export function drawOrgans(random: Random, frame: Frame, liver: Liver): Solid[] {
  return [
    ...drawGut(random, frame),
    ...drawKidneys(random, frame),
    ...drawStomachAndSpleen(random, frame),
    ...drawVessels(random, frame, liver),
  ];
}

/** What lies over the liver where they meet, being drawn after it. */
export function drawNeighbours(random: Random, frame: Frame, liver: Liver): Solid[] {
  const { cava, gallbladder } = liver;
  const radius = random.between(9, 13) * frame.size;
  const solids = [
    tube('vena-cava', [
      [cava[0] + 8, frame.spineY - 22, -260, radius * 0.9],
      [cava[0] + 4, cava[1] + 2, -80, radius],
      [cava[0], cava[1], 0, radius * 1.1],
      [cava[0], cava[1] - 3, liver.veins[2], radius * 1.15],
      [cava[0] + 6, cava[1] - 16, frame.domes.right + 25, radius],
    ]),
  ];
  // Some have lost it.
  if (random.chance(0.88)) solids.push(ellipsoid('gallbladder', gallbladder.centre, gallbladder.radii));
  return solids;
}

function drawVessels(random: Random, frame: Frame, liver: Liver): Solid[] {
  const { size, spineY, cavity } = frame;
  const radius = random.between(8, 13) * size;
  const x = random.normal(8, 4);
  const [px, py, pz] = liver.porta;
  const stem = random.between(5, 7.5) * size;
  const join: Vector = [random.normal(2, 5), spineY - random.between(38, 48), random.normal(-38, 8)];
  return [
    ellipsoid(
      'pancreas',
      [join[0] + 12, join[1] - 8, join[2] + 4],
      [random.between(45, 65), 13, random.between(12, 18)],
    ),
    ellipsoid('pancreas', [join[0] - 18, join[1] - 2, join[2] - 12], [18, 15, 26]),
    tube('aorta', [
      [x, spineY - 26, -150, radius * 0.8],
      [x + 4, spineY - 28, 0, radius],
      [x + 14, spineY - 18, 250, radius * 1.2],
    ]),
    ...[-1, 1].map((side) =>
      tube('aorta', [
        [x, spineY - 26, -150, radius * 0.7],
        [side * 55, spineY - 45, -250, radius * 0.5],
        [side * 85, -cavity.depth * 0.5, -330, radius * 0.5],
      ]),
    ),
    tube('splanchnic-vein', [
      [px - 2, py, pz, stem],
      [px + 10, py + 8, pz - 16, stem],
      [...join, stem],
    ]),
    tube('splanchnic-vein', [
      [...join, stem * 0.8],
      [join[0] + 40, join[1] + 4, join[2] + 14, stem * 0.7],
      [cavity.width * 0.6, cavity.depth * 0.35, 2, stem * 0.6],
    ]),
    tube('splanchnic-vein', [
      [...join, stem * 0.8],
      [join[0], join[1] - 8, join[2] - 90, stem * 0.6],
    ]),
  ];
}

function drawKidneys(random: Random, { size, spineY }: Frame): Solid[] {
  return [-1, 1].flatMap((side) => {
    const z = (side < 0 ? -62 : -46) * size + random.normal(0, 12);
    const centre: Vector = [side * random.between(58, 72) * size, spineY + random.normal(-4, 6), z];
    const radii: Vector = [random.between(24, 31) * size, random.between(24, 31) * size, random.between(48, 60) * size];
    const inner: Vector = [radii[0] * 0.62, radii[1] * 0.62, radii[2] * 0.68];
    const hilum: Vector = [centre[0] - side * 16, centre[1] - 6, z];
    return [
      ellipsoid('kidney-cortex', centre, radii),
      ellipsoid('kidney-medulla', centre, inner),
      ellipsoid('fat', hilum, [12, 12, 18]),
      ...(random.chance(0.15)
        ? [ellipsoid('gallbladder', [centre[0] + side * 20, centre[1], z + 20], [13, 13, 13])]
        : []),
    ];
  });
}

function drawStomachAndSpleen(random: Random, frame: Frame): Solid[] {
  const { size, cavity, domes } = frame;
  const spleenAt: Vector = [
    cavity.width * random.between(0.68, 0.76),
    cavity.depth * random.between(0.3, 0.5),
    random.between(12, 34),
  ];
  const spleen: Vector = [random.between(20, 34) * size, random.between(38, 52) * size, random.between(38, 62) * size];
  const full = random.between(0.75, 1.25);
  const body: Vector = [
    cavity.width * random.between(0.3, 0.45),
    -cavity.depth * random.between(0.05, 0.3),
    domes.left - random.between(38, 60),
  ];
  const radii: Vector = [random.between(32, 46) * full, random.between(32, 44) * full, random.between(34, 52)];
  const exit: Vector = [random.normal(5, 10), -cavity.depth * random.between(0.35, 0.55), random.normal(-32, 10)];
  const wall = random.between(3, 7);
  const less = (all: Vector): Vector => [all[0] - wall, all[1] - wall, all[2] - wall];
  const way = (r: number, tissue: 'gut-wall' | 'gut-content'): Solid =>
    tube(tissue, [
      [...body, r],
      [body[0] - 12, (body[1] + exit[1]) / 2 - 10, (body[2] + exit[2]) / 2 - 12, r],
      [...exit, r * 0.7],
    ]);
  const width = random.between(15, 24);
  const level = body[1] - random.between(-5, 0.9) * radii[1] * 0.6;
  const lumen = ellipsoidField(body, less(radii));
  return [
    ellipsoid('gut-wall', body, radii),
    way(width, 'gut-wall'),
    way(width - wall, 'gut-content'),
    ellipsoid('gut-content', body, less(radii)),
    // Gas gathers in front.
    { tissue: 'gas', box: around(body, radii), field: (x, y, z) => Math.max(lumen(x, y, z), y - level) },
    ellipsoid('spleen', spleenAt, spleen),
  ];
}

/** Loops of bowel: the colon as a frame, small bowel within, bladder below. */
function drawGut(random: Random, frame: Frame): Solid[] {
  const { cavity, size } = frame;
  const inside = girth(frame);
  const solids: Solid[] = [];
  const loop = (points: readonly (readonly [number, number, number, number])[]): void => {
    const thin = random.between(2, 4);
    const shrunk = points.map(([x, y, z, r]) => [x, y, z, Math.max(r - thin, 1)] as const);
    const content = random.weighted([
      ['gut-content', 55],
      ['gas', 35],
      ['gut-wall', 10],
    ]);
    solids.push(tube('gut-wall', points), tube(content, shrunk));
  };
  for (let n = random.whole(14, 24); n > 0; n--) {
    const points: [number, number, number, number][] = [];
    let at: Vector = [random.normal(0, 45) * size, random.normal(-cavity.depth * 0.3, 22), random.between(-240, -55)];
    const r = random.between(9, 15);
    for (let step = 0; step < 5; step++) {
      if (inside(...at) > 0.86) break;
      points.push([...at, r]);
      at = [at[0] + random.normal(0, 22), at[1] + random.normal(0, 14), at[2] + random.normal(0, 16)];
    }
    if (points.length > 1) loop(points);
  }
  const [w, d] = [cavity.width * 0.78, cavity.depth];
  const colon = random.between(15, 24);
  const hepatic = random.between(-75, -45);
  loop([
    [-w, d * 0.1, -210, colon * 1.2],
    [-w, d * 0.15, -140, colon],
    [-w * 0.9, -d * 0.1, hepatic, colon],
  ]);
  loop([
    [-w * 0.9, -d * 0.1, hepatic, colon],
    [-w * 0.3, -d * 0.7, hepatic - 20, colon * 0.8],
    [w * 0.4, -d * 0.65, -50, colon * 0.8],
    [w * 0.95, 0, -5, colon],
  ]);
  loop([
    [w * 0.95, 0, -5, colon],
    [w, d * 0.25, -100, colon * 0.8],
    [w * 0.9, d * 0.2, -220, colon * 0.8],
  ]);
  solids.push(
    ellipsoid(
      'bladder',
      [0, -cavity.depth * 0.35, -325],
      [random.between(25, 50), random.between(22, 45), random.between(20, 42)],
    ),
  );
  return solids;
}
