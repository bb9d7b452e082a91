import type { Random } from '../random.ts';
import type { Shape } from '../volume-shapes.ts';
import { blendMax } from './solids.ts';

/** The measures of one patient that organs take their places from, in mm; z = 0 is at the porta of the liver. */
export interface Frame {
  /** 1 for a middling adult. */
  size: number;
  /** Half width and half depth of the cavity inside the muscles. */
  cavity: { width: number; depth: number };
  muscle: number;
  /** Fat under the skin, at the side. */
  fat: number;
  /** y of the middle of a vertebral body. */
  spineY: number;
  /** Heights of the right and the left dome of the diaphragm. */
  domes: { right: number; left: number };
  /** Shape of the outline: 0 an ellipse, more is squarer, up to 1. */
  squareness: number;
  /** How far the wall narrows towards the waist, as a part. */
  waist: number;
}

export function drawFrame(random: Random): Frame {
  const size = random.between(0.87, 1.13);
  const depth = random.between(78, 108) * size;
  const right = random.between(68, 95) * size;
  return {
    size,
    cavity: { width: random.between(118, 142) * size, depth },
    muscle: random.between(9, 17),
    fat: random.chance(0.25) ? random.between(25, 50) : random.between(5, 28),
    spineY: depth * random.between(0.62, 0.74),
    domes: { right, left: right - random.between(0, 22) },
    squareness: random.between(0.1, 0.6),
    waist: random.between(-0.05, 0.12),
  };
}

/** Where a point is on the way from the axis of the body (0) to the wall of the cavity (1). */
export function girth({ cavity, squareness, waist, size }: Frame): Shape {
  return (x, y, z) => {
    const below = z / size;
    const height = (below + 90) / 70;
    const neck = below > 90 ? (below - 90) / 260 : 0;
    const narrow = 1 - waist / (1 + height * height) - neck * neck;
    const u = x / (cavity.width * narrow);
    const v = y / (cavity.depth * narrow);
    const [uu, vv] = [u * u, v * v];
    return (1 - squareness) * Math.sqrt(uu + vv) + squareness * Math.sqrt(Math.sqrt(uu * uu + vv * vv));
  };
}

/** About the distance in mm from the wall of the cavity, negative inside. */
export function cavityField(frame: Frame): Shape {
  const at = girth(frame);
  const mean = (frame.cavity.width + frame.cavity.depth) / 2;
  return (x, y, z) => (at(x, y, z) - 1) * mean;
}

/** About the distance in mm below (negative) or above the diaphragm. */
export function diaphragmField({ cavity, domes }: Frame): Shape {
  const dome = (top: number, x0: number): Shape => {
    return (x, y, z) => {
      const u = (x - x0) / (cavity.width * 0.62);
      const v = (y + 8) / (cavity.depth * 1.05);
      return z - top + 62 * (u * u + v * v);
    };
  };
  const right = dome(domes.right, -cavity.width * 0.45);
  const left = dome(domes.left, cavity.width * 0.48);
  return (x, y, z) => -blendMax(-right(x, y, z), -left(x, y, z), 25) * 0.75;
}
