import type { Random } from '../random.ts';
import type { Vector } from '../volume.ts';
import { blend, type Shape } from '../volume-shapes.ts';
import { cavityField, diaphragmField, type Frame } from './frame.ts';
import { blendMax, ellipsoidField } from './solids.ts';

/** The liver's shape, its landmarks and the surface between its lobes. */
export interface Liver {
  /** About the distance in mm from its surface, negative inside. */
  field: Shape;
  /** Positive in the right lobe, negative in the left. */
  rightness: Shape;
  box: readonly [number, number, number, number, number, number];
  /** Where the portal vein enters. */
  porta: Vector;
  /** Where the hepatic veins meet the vena cava. */
  veins: Vector;
  /** Middle of the vena cava at the porta. */
  cava: Vector;
  /** Middle of the gallbladder and its radii; it lies under the surface between the lobes. */
  gallbladder: { centre: Vector; radii: Vector };
}

export function drawLiver(random: Random, frame: Frame): Liver {
  const { size, cavity, domes, spineY } = frame;
  const porta: Vector = [random.normal(-24, 7) * size, random.normal(8, 5), random.normal(0, 5)];
  const cava: Vector = [random.normal(-20, 4) * size, spineY - random.between(24, 32), 0];
  const veins: Vector = [cava[0] + random.normal(-2, 3), cava[1] - 8, domes.right - random.between(22, 32)];
  const gallbladder = {
    centre: [random.normal(-48, 9) * size, -cavity.depth * random.between(0.25, 0.5), random.normal(-26, 8)] as const,
    radii: [random.between(10, 18), random.between(16, 30), random.between(12, 22)] as const,
  };
  return {
    field: shape(random, frame, porta),
    rightness: between(random, veins, cava, gallbladder.centre, size),
    box: [-cavity.width - 15, -cavity.depth - 15, -150 * size, cavity.width, cavity.depth + 15, domes.right + 15],
    porta,
    veins,
    cava,
    gallbladder,
  };
}

/** Two rounded bodies run together, cut from below by the visceral surface and bounded by wall and diaphragm. */
function shape(random: Random, frame: Frame, porta: Vector): Shape {
  const { size, cavity, spineY } = frame;
  const reach = random.between(0.85, 1.25);
  const right = ellipsoidField(
    [-cavity.width * random.between(0.46, 0.54), random.normal(6, 5), random.normal(2, 8)],
    [cavity.width * random.between(0.5, 0.58), cavity.depth * 0.9, random.between(78, 108) * size],
  );
  const left = ellipsoidField(
    [random.normal(10, 9) * size, -cavity.depth * random.between(0.34, 0.48), random.between(26, 46) * size],
    [random.between(62, 92) * size * reach, random.between(34, 50) * size, random.between(30, 48) * size],
  );
  const middle = ellipsoidField(
    [-28 * size, -8, 28 * size],
    [random.between(42, 56) * size, cavity.depth * 0.6, random.between(38, 48) * size],
  );
  // The visceral surface looks down, back and to the left; a second one keeps the lower right corner.
  const tilt: Vector = [random.between(0.4, 0.75), random.between(0.2, 0.5), -1];
  const length = Math.hypot(...tilt);
  const flat = random.between(4, 16);
  const [wall, dome] = [cavityField(frame), diaphragmField(frame)];
  const spine = ellipsoidField([0, spineY, 0], [34, 34, 4000]);
  return (x, y, z) => {
    const lobes = blend(blend(right(x, y, z), middle(x, y, z), 22), left(x, y, z), 22);
    if (lobes > 12) return lobes;
    const below = ((x - porta[0]) * tilt[0] + (y - porta[1]) * tilt[1] + (z - porta[2]) * tilt[2]) / length - flat;
    const cut = blendMax(lobes, below, 25);
    return Math.max(cut, wall(x, y, z) + 2, dome(x, y, z) + 2, -spine(x, y, z));
  };
}

/** A bent, tilted surface through the veins' mouth and the gallbladder: the way of the middle hepatic vein. */
function between(random: Random, veins: Vector, cava: Vector, gallbladder: Vector, size: number): Shape {
  const forward: Vector = [gallbladder[0] - cava[0], gallbladder[1] - cava[1], 0];
  const length = Math.hypot(forward[0], forward[1]);
  const [nx, ny] = [forward[1] / length, -forward[0] / length];
  const nz = random.normal(0, 0.12);
  const bend = random.normal(0, 0.0012);
  const about = [(cava[0] + veins[0]) / 2, (cava[1] + veins[1]) / 2] as const;
  const waves = [random.between(0, 6.28), random.between(0, 6.28), random.between(1, 4) * size] as const;
  return (x, y, z) => {
    const along = ((x - about[0]) * forward[0] + (y - about[1]) * forward[1]) / length;
    const off = (x - about[0]) * nx + (y - about[1]) * ny + (z - 20) * nz;
    const wave = waves[2] * (Math.sin(z / 21 + waves[0]) + Math.sin(along / 17 + waves[1]));
    return off + bend * along * (along - length) + wave;
  };
}
