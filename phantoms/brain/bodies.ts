import { Random } from '../random.ts';
import type { PhantomGrid, PhantomVolume, Vector } from '../volume.ts';
import { smoothNoise } from '../volume-noise.ts';
import { capsule, ellipsoid, type Shape, union } from '../volume-shapes.ts';

/**
 * A body that is no head, or nothing but noise, as any scanner may show it: what a brain model must refuse. Trunks, limbs
 * and lumps with organs and bones of any brightness.
 */
export function otherBody(seed: string, grid: PhantomGrid): PhantomVolume<Uint16Array> {
  const random = new Random(`${seed}/body`);
  const values = new Uint16Array(grid.size[0] * grid.size[1] * grid.size[2]);
  const sigma = random.between(5, 60);
  if (random.chance(0.1)) return { grid, values: values.map(() => Math.abs(random.normal(0, sigma))) };
  const skin = skinOf(random);
  const parts = Array.from({ length: random.whole(3, 14) }, () => partOf(random));
  const bend = smoothNoise(`${seed}/bend`, 40);
  const grain = smoothNoise(`${seed}/grain`, random.between(4, 12));
  const depth = random.between(0, 0.3);
  const [soft, fat] = [random.between(200, 900), random.between(100, 1500)];
  const thick = random.between(2, 18);
  const [columns, rows] = grid.size;
  for (let n = 0; n < values.length; n++) {
    const [i, j, k] = [n % columns, Math.floor(n / columns) % rows, Math.floor(n / columns / rows)];
    const at = (row: number) => {
      const [a = 0, b = 0, c = 0, d = 0] = grid.affine.slice(4 * row, 4 * row + 4);
      return a * i + b * j + c * k + d;
    };
    const [x, y, z] = [at(0), at(1), at(2)];
    const moved = 8 * bend(x, y, z);
    const outside = skin(x, y, z) + moved;
    let value = outside > 0 ? 0 : outside > -thick ? fat : soft;
    if (outside < -thick) for (const part of parts) if (part.shape(x, y, z) + moved < 0) value = part.value;
    values[n] = Math.abs(value * (1 + depth * grain(x, y, z)) + random.normal(0, sigma));
  }
  return { grid, values };
}

function skinOf(random: Random): Shape {
  const trunk: [number, number, number] = [random.between(60, 180), random.between(45, 120), 600];
  if (random.chance(0.6)) return ellipsoid([random.normal(0, 15), random.normal(0, 15), 0], trunk);
  const limb = (): Shape => capsule(placeOf(random, 60), placeOf(random, 120), random.between(15, 50));
  return random.chance(0.5) ? limb() : union(limb(), limb());
}

function partOf(random: Random): { shape: Shape; value: number } {
  const value = random.chance(0.2) ? random.between(900, 2400) : random.between(20, 1200);
  const radii = [random.between(5, 50), random.between(5, 50), random.between(8, 90)] as const;
  return { shape: ellipsoid(placeOf(random, 70), radii), value };
}

const placeOf = (random: Random, reach: number): Vector => [
  random.between(-reach, reach),
  random.between(-reach, reach),
  random.between(-reach, reach),
];
