import type { Random } from '../random.ts';
import type { Vector } from '../volume.ts';
import { smoothNoise } from '../volume-noise.ts';
import { blend, capsule, ellipsoid, type Shape, union } from '../volume-shapes.ts';

/**
 * The parts of a healthy head, as distances (mm, negative inside) at a place in the head's own coordinates: LPS, the
 * origin between the lateral ventricles. The place is one that `bend` moved, so that no two heads and no two sides are
 * the same.
 */
export interface Head {
  /** Where to look for what lies at a place. */
  bend: (x: number, y: number, z: number) => Vector;
  /** The inner side of the skull. */
  skull: Shape;
  /** The skin. `fromSkull` is the same place's distance from the skull. */
  skin: (x: number, y: number, z: number, fromSkull: number) => number;
  /** The surface of the brain, sulci and fissures included. */
  pia: (x: number, y: number, z: number, fromSkull: number) => number;
  ventricles: Shape;
  deepGrey: Shape;
  eyes: Shape;
  /** Air in the nose, its sinuses and the ears. */
  air: Shape;
  /** mm. */
  cortex: number;
  bone: number;
}

/** A head, the same for the same random numbers. */
export function headOf(seed: string, random: Random): Head {
  const size = random.between(0.93, 1.06);
  const radius = (usual: number) => usual * size * random.between(0.96, 1.04);
  const cerebrum = ellipsoid([0, 0, 8], [radius(68), radius(84), radius(62)]);
  const cerebellum = ellipsoid([0, 46, -44], [50 * size, 33 * size, random.between(24, 29)]);
  const stem = capsule([0, 10, -20], [0, random.between(26, 34), -110], 14, 10);
  const bone = random.between(5, 9);
  const scalp = bone + random.between(5, 10);
  const skull: Shape = (x, y, z) => blend(blend(cerebrum(x, y, z), cerebellum(x, y, z), 14), stem(x, y, z), 10);
  const face = union(
    ellipsoid([0, -48, -62], [random.between(52, 62), random.between(44, 54), random.between(60, 74)]),
    capsule([0, 22, -60], [0, 34, -150], random.between(50, 60)),
  );
  return {
    bend: bending(seed, random.between(2, 4)),
    skull,
    skin: (x, y, z, fromSkull) => blend(fromSkull - scalp, face(x, y, z), 16),
    pia: brainSurface(seed, random, { cerebrum, cerebellum }),
    ventricles: ventriclesOf(random),
    deepGrey: deepGreyOf(random),
    eyes: union(...bothSides((side) => ellipsoid([side * 32, -78, -32], [12, 12.5, 12]))),
    air: union(
      ellipsoid([0, -78, -58], [10, 22, 24]),
      ...bothSides((side) => ellipsoid([side * 28, -66, -68], [random.between(8, 14), 14, 16])),
      ...bothSides((side) => ellipsoid([side * 62, 22, -52], [8, 8, 10])),
      ellipsoid([0, -86, -4], [random.between(8, 20), 4, random.between(5, 12)]),
    ),
    cortex: random.between(2.6, 3.8),
    bone,
  };
}

const bothSides = (shape: (side: 1 | -1) => Shape): Shape[] => [shape(-1), shape(1)];

function bending(seed: string, amount: number): Head['bend'] {
  const dx = smoothNoise(`${seed}/bend-x`, 45);
  const dy = smoothNoise(`${seed}/bend-y`, 45);
  const dz = smoothNoise(`${seed}/bend-z`, 45);
  return (x, y, z) => [x + amount * dx(x, y, z), y + amount * dy(x, y, z), z + amount * dz(x, y, z)];
}

function brainSurface(seed: string, random: Random, parts: { cerebrum: Shape; cerebellum: Shape }): Head['pia'] {
  const folds = smoothNoise(`${seed}/folds`, random.between(13, 17));
  const leaves = smoothNoise(`${seed}/leaves`, 7);
  const atrophy = random.between(0.2, 1.6);
  const margin = random.between(1, 2.5) + atrophy;
  const depth = random.between(10, 15);
  return (x, y, z, fromSkull) => {
    let pia = fromSkull + margin;
    if (pia > 0 || fromSkull < -40) return pia;
    const isCerebellum = parts.cerebellum(x, y, z) < parts.cerebrum(x, y, z) && z < -8;
    // A sulcus lies where the noise crosses 0; its walls close towards the depth.
    const fold = isCerebellum ? Math.abs(leaves(x, y, z * 2.2)) * 4 : Math.abs(folds(x, y, z)) * 8;
    pia = Math.max(pia, atrophy + 0.2 - fold - Math.max(0, (-fromSkull - depth) / 3));
    const inMiddle = ((y - 2) / 50) ** 2 + ((z - 4) / 30) ** 2 < 1;
    if (!isCerebellum && !inMiddle && z > -30) pia = Math.max(pia, 0.9 + atrophy / 2 - Math.abs(x));
    return pia;
  };
}

function ventriclesOf(random: Random): Shape {
  const size = random.between(0.75, 1.7);
  const sides = bothSides((side) => {
    const own = size * random.between(0.9, 1.12);
    return union(
      capsule([side * 8, -34, 2], [side * 8, -14, 12], 4.5 * own, 4.5 * own),
      capsule([side * 8, -14, 12], [side * 16, 24, 14], 4.5 * own, 6 * own),
      capsule([side * 16, 24, 14], [side * 24, 50, 4], 5 * own, 2 * own),
      capsule([side * 20, 24, 8], [side * 31, -6, -16], 3 * own, 1.6 * own),
    );
  });
  return union(
    ...sides,
    ellipsoid([0, -2, -4], [1.2 + 1.6 * size, 14, 9]),
    ellipsoid([0, 28, -40], [6 * size, 4.5 * size, 9]),
  );
}

function deepGreyOf(random: Random): Shape {
  const size = random.between(0.9, 1.1);
  return union(
    ...bothSides((side) =>
      union(
        ellipsoid([side * 12, 8, 0], [7.5 * size, 13 * size, 8 * size]),
        ellipsoid([side * 25, -8, -2], [6 * size, 16 * size, 9 * size]),
        capsule([side * 14, -24, 2], [side * 21, 6, 15], 5 * size, 2.5 * size),
      ),
    ),
  );
}
