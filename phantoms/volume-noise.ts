import { Random } from './random.ts';

/** A number of every place (mm). */
export type Scalar = (x: number, y: number, z: number) => number;

const SIDE = 32;
const MASK = SIDE - 1;

/**
 * Smooth noise in −1…1 whose features are about `scale` mm large: random values on a lattice, smoothly interpolated. It
 * repeats after 32 lattice steps. The mean is 0, the standard deviation about 0.35.
 */
export function smoothNoise(seed: string, scale: number): Scalar {
  const random = new Random(seed);
  const lattice = Float64Array.from({ length: SIDE ** 3 }, () => random.between(-1, 1));
  const perMm = 1 / scale;
  const edge = (row: number, i: number, a: number): number => {
    const left = lattice[row + (i & MASK)] ?? 0;
    return left + ((lattice[row + ((i + 1) & MASK)] ?? 0) - left) * a;
  };
  return (x, y, z) => {
    const u = x * perMm;
    const v = y * perMm;
    const w = z * perMm;
    const i = Math.floor(u);
    const j = Math.floor(v);
    const k = Math.floor(w);
    const a = smooth(u - i);
    const b = smooth(v - j);
    const c = smooth(w - k);
    const j0 = (j & MASK) * SIDE;
    const j1 = ((j + 1) & MASK) * SIDE;
    const k0 = (k & MASK) * SIDE * SIDE;
    const k1 = ((k + 1) & MASK) * SIDE * SIDE;
    const near = edge(k0 + j0, i, a) * (1 - b) + edge(k0 + j1, i, a) * b;
    const far = edge(k1 + j0, i, a) * (1 - b) + edge(k1 + j1, i, a) * b;
    return near + (far - near) * c;
  };
}

const smooth = (t: number): number => t * t * (3 - 2 * t);
