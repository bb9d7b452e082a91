import { describe, expect, it } from 'vitest';
import { apply, compose, determinant, invert, length, type Matrix, minus } from './affine.ts';
import { farthestMove, registerRigid, rigid } from './register.ts';
import { generator, painted } from './volume.fixture.ts';
import { cornersOf, type Grid, gridOf, type Volume3D } from './volume.ts';

/** A head of sorts: an ellipsoid with a shell, ventricles and a dozen blobs, none like its mirror image. */
const random = generator(11);
const blobs = Array.from({ length: 14 }, () => ({
  at: [random() * 100 - 50, random() * 120 - 60, random() * 90 - 45] as const,
  size: 8 + random() * 14,
  value: random() * 60 - 20,
}));

function head(x: number, y: number, z: number): number {
  const r = Math.hypot(x / 72, y / 88, z / 66);
  // Edges of 5 mm, as slices of such a thickness have.
  const soft = (value: number) => 1 / (1 + Math.exp(-40 * value));
  const grey = blobs.reduce((sum, { at, size, value }) => {
    const d = Math.hypot(x - at[0], y - at[1], z - at[2]) / size;
    return sum + value * Math.exp(-d * d);
  }, 80);
  const ventricle = soft(0.4 * (1 - Math.hypot((x - 8) / 12, (y + 5) / 30, (z - 10) / 14)));
  return soft(1 - r) * (grey - (grey - 15) * ventricle + (160 - grey) * soft(r - 0.9));
}

const fixedGrid = gridOf([64, 72, 40], [2.6, 2.6, 4], [-83, -93, -78]);
const fixed = painted(fixedGrid, head);

/** The head moved by a transform, on another grid, in another contrast and with noise. */
function moved(move: Matrix, grid: Grid, contrast: (value: number) => number): Volume3D<Float32Array> {
  const back = invert(move);
  const noise = generator(3);
  return painted(grid, (x, y, z) => contrast(head(...apply(back, x, y, z))) + 4 * (noise() - 0.5));
}

/** Greatest distance of eight points at the rim of the brain from where they should go. */
function errorMm(found: Matrix, move: Matrix): number {
  const box = gridOf([2, 2, 2], [80, 100, 76], [-40, -50, -38]);
  return Math.max(...cornersOf(box).map((corner) => length(minus(apply(found, ...corner), apply(move, ...corner)))));
}

const degrees = Math.PI / 180;
const slices = gridOf([80, 84, 34], [2.2, 2.2, 5], [-84, -88, -80]);
const sagittal = gridOf(
  [70, 62, 60],
  [2.7, 2.7, 2.7],
  [-80, -95, 85],
  [
    [0, 1, 0],
    [0, 0, -1],
    [1, 0, 0],
  ],
);

// A second or two each, on a machine that has nothing else to do.
describe('registerRigid', { timeout: 180_000 }, () => {
  it.each<[string, readonly number[], Grid, (value: number) => number]>([
    ['nothing, in the same contrast', [0, 0, 0, 0, 0, 0], slices, (value) => value],
    ['10 mm and 8°, with 5 mm slices', [8 * degrees, 0, 0, 0, 10, 0], slices, (value) => value],
    [
      '10 mm and 8° all ways, sagittal, in the opposite contrast',
      [5 * degrees, -4 * degrees, 5 * degrees, 6, -5, 6],
      sagittal,
      (value) => value * (1.6 - value / 120),
    ],
  ])('recovers a move of %s to less than 1 mm', (_, parameters, grid, contrast) => {
    const move = rigid(parameters, [0, 0, 0]);
    const { transform, similarity, before } = registerRigid(fixed, moved(move, grid, contrast));
    expect(errorMm(transform, move)).toBeLessThan(1);
    expect(similarity).toBeGreaterThanOrEqual(before);
  });

  it('begins with the middles on each other where coordinates do not agree', () => {
    const move = rigid([0, 0, 6 * degrees, 300, -200, 900], [0, 0, 0]);
    const far = gridOf([70, 78, 40], [2.6, 2.6, 4], [300 - 91, -200 - 100, 900 - 80]);
    const { transform } = registerRigid(
      fixed,
      moved(move, far, (value) => value),
      { centres: true },
    );
    expect(errorMm(transform, move)).toBeLessThan(1);
  });

  it('stays rigid, and is the same each time', () => {
    const small = { grid: gridOf([20, 24, 12], [7, 7, 12], [-68, -82, -68]) };
    const [one, two] = [
      painted(small.grid, head),
      moved(rigid([0.05, 0, 0, 3, 0, 0], [0, 0, 0]), small.grid, (v) => v),
    ];
    const { transform } = registerRigid(one, two);
    expect(registerRigid(one, two).transform).toEqual(transform);
    expect(determinant(transform)).toBeCloseTo(1, 9);
  });
});

describe('farthestMove', () => {
  it('is that of the corner that goes farthest', () => {
    const shift: Matrix = [1, 0, 0, 3, 0, 1, 0, 4, 0, 0, 1, 0];
    expect(farthestMove(fixedGrid, shift)).toBeCloseTo(5, 9);
    expect(farthestMove(fixedGrid, compose(shift, invert(shift)))).toBeCloseTo(0, 9);
  });
});
