import { Random } from '../random.ts';
import type { Vector } from '../volume.ts';
import { smoothNoise } from '../volume-noise.ts';
import { capsule, ellipsoid, type Shape, union } from '../volume-shapes.ts';
import type { Head } from './anatomy.ts';

/**
 * What an operation, a tumour and age left in a brain, as distances (mm, negative inside). The lesion is what the truth
 * knows of; `oedema`, `gliosis`, `caps` and `spots` are as bright on FLAIR and are none of it.
 */
export interface Pathology {
  /** The hole that the resection left, filled with fluid. */
  cavity: Shape;
  /** Where the lesion is, if it grows so far: the exam says how far. */
  lesion: Shape;
  oedema: Shape;
  /** How thick the scar on the cavity's wall is there (mm, ≤ 0 for none). */
  gliosis: Shape;
  /** How far the bright white matter around the ventricles reaches there (mm). */
  caps: Shape;
  spots: Shape;
  /** Where the lesion grows from. */
  centre: Vector;
}

/** Oedema, cavity and lesion beside each other in one hemisphere; caps and spots in both. */
export function pathologyOf(seed: string, head: Head): Pathology {
  const random = new Random(`${seed}/pathology`);
  const site = siteOf(random, head);
  const cavityRadius = random.between(7, 20);
  const centre = besideOf(random, head, site, cavityRadius);
  const opposite = directionOf(random);
  return {
    cavity: warped(`${seed}/cavity`, random, cavityOf(random, site, cavityRadius), { scale: 16, amount: 4 }),
    lesion: lesionOf(seed, random, centre),
    oedema: oedemaOf(seed, random, inside(head, along(site, opposite, random.between(8, 26)), 12)),
    gliosis: rimOf(seed, random),
    caps: capsOf(seed, random),
    spots: spotsOf(seed, random),
    centre,
  };
}

/** A place in the cerebrum, not too deep and off the middle. */
function siteOf(random: Random, head: Head): Vector {
  for (;;) {
    const side = random.chance(0.5) ? 1 : -1;
    const place: Vector = [side * random.between(18, 54), random.between(-62, 62), random.between(-14, 56)];
    const depth = -head.skull(...place);
    if (depth > 12 && depth < 36) return place;
  }
}

/** The place, moved towards the middle until it is `depth` mm below the skull. */
function inside(head: Head, place: Vector, depth: number): Vector {
  let [x, y, z] = place;
  while (head.skull(x, y, z) > -depth) [x, y, z] = [x * 0.96, y * 0.96, 4 + (z - 4) * 0.96];
  return [x, y, z];
}

/** A place near the cavity's wall, not at the ventricles and in the same half of the brain. */
function besideOf(random: Random, head: Head, site: Vector, cavityRadius: number): Vector {
  for (;;) {
    const reach = cavityRadius + random.between(3, 14);
    const place = inside(head, along(site, directionOf(random), reach), random.between(9, 16));
    if (head.ventricles(...place) > 13 && place[0] * site[0] > 0 && Math.abs(place[0]) > 14 && place[2] > -30)
      return place;
  }
}

function directionOf(random: Random): Vector {
  const [x, y, z] = [random.normal(0, 1), random.normal(0, 1), random.normal(0, 1)];
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

const along = (from: Vector, direction: Vector, reach: number): Vector => [
  from[0] + direction[0] * reach,
  from[1] + direction[1] * reach,
  from[2] + direction[2] * reach,
];

function warped(seed: string, random: Random, shape: Shape, by: { scale: number; amount: number }): Shape {
  const noise = smoothNoise(`${seed}/warp`, by.scale * random.between(0.8, 1.2));
  return (x, y, z) => shape(x, y, z) + by.amount * noise(x, y, z);
}

/** A hollow that mostly opens to the skull, where the surgeon came in. */
function cavityOf(random: Random, site: Vector, radius: number): Shape {
  const body = ellipsoid(site, [
    radius * random.between(0.7, 1.2),
    radius * random.between(0.7, 1.3),
    radius * random.between(0.7, 1.1),
  ]);
  if (random.chance(0.3)) return body;
  const out: Vector = [site[0] * 1.6, site[1] * 1.6, 8 + (site[2] - 8) * 1.6];
  return union(body, capsule(site, out, radius * random.between(0.4, 0.75)));
}

/** Rounded lobes with a rough surface: one or two nodules, taking cortex and white matter alike. */
function lesionOf(seed: string, random: Random, centre: Vector): Shape {
  const radii = (): [number, number, number] => [random.between(7, 11), random.between(7, 11), random.between(7, 11)];
  const second = along(centre, directionOf(random), random.between(6, 13));
  const body = union(ellipsoid(centre, radii()), ellipsoid(second, radii()));
  const coarse = warped(`${seed}/lesion-coarse`, random, body, { scale: 17, amount: 4.5 });
  return warped(`${seed}/lesion-fine`, random, coarse, { scale: 7, amount: 1.2 });
}

/** Fingers of fluid in the white matter: a wide blob with a strongly folded surface. */
function oedemaOf(seed: string, random: Random, centre: Vector): Shape {
  const radii = [random.between(12, 30), random.between(14, 34), random.between(12, 28)] as const;
  return warped(`${seed}/oedema`, random, ellipsoid(centre, radii), { scale: 13, amount: 12 });
}

function rimOf(seed: string, random: Random): Shape {
  const noise = smoothNoise(`${seed}/rim`, 22);
  const thick = random.between(0.5, 3.5);
  return (x, y, z) => thick + 3.5 * noise(x, y, z);
}

function capsOf(seed: string, random: Random): Shape {
  const noise = smoothNoise(`${seed}/caps`, 18);
  const [thick, more] = [random.between(0, 4.5), random.between(2, 6)];
  return (x, y, z) => {
    // Thickest at the horns, in front and behind.
    const horns = Math.max(0, Math.abs(y - 4) - 22) / 10;
    return thick + Math.min(3, horns) + more * noise(Math.abs(x), y, z);
  };
}

function spotsOf(seed: string, random: Random): Shape {
  const noise = smoothNoise(`${seed}/spots`, random.between(7, 11));
  const from = random.between(0.62, 0.98);
  return (x, y, z) => (from - noise(x, y, z)) * 8;
}
