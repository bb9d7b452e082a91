import { describe, expect, it } from 'vitest';
import { surfaceDistance95 } from './surface-distance.ts';
import { gridOf, toWorld, type Vector, type Volume3D } from './volume.ts';

const GRID = gridOf([17, 13, 11], [1.5, 2, 3]);

function volume(isIn: (i: number, j: number, k: number) => boolean): Volume3D<Uint8Array> {
  const [columns, rows, slices] = GRID.size;
  const values = new Uint8Array(columns * rows * slices);
  for (let at = 0; at < values.length; at++) {
    values[at] = isIn(at % columns, Math.floor(at / columns) % rows, Math.floor(at / columns / rows)) ? 2 : 0;
  }
  return { grid: GRID, values };
}

/** Each voxel of a surface against each of the other: slow, and plainly what is meant. */
function byHand(first: Volume3D<Uint8Array>, second: Volume3D<Uint8Array>): number {
  const [columns, rows, slices] = GRID.size;
  const surface = ({ values }: Volume3D<Uint8Array>) => {
    const at = (i: number, j: number, k: number) =>
      i < 0 || j < 0 || k < 0 || i >= columns || j >= rows || k >= slices
        ? 0
        : (values[i + columns * (j + rows * k)] ?? 0);
    const points: Vector[] = [];
    for (let k = 0; k < slices; k++)
      for (let j = 0; j < rows; j++)
        for (let i = 0; i < columns; i++) {
          const around = [
            at(i - 1, j, k),
            at(i + 1, j, k),
            at(i, j - 1, k),
            at(i, j + 1, k),
            at(i, j, k - 1),
            at(i, j, k + 1),
          ];
          if (at(i, j, k) === 2 && around.some((value) => value !== 2)) points.push(toWorld(GRID, i, j, k));
        }
    return points;
  };
  const [one, other] = [surface(first), surface(second)];
  const percentile = (from: typeof one, to: typeof one) => {
    const nearest = from.map((a) => Math.min(...to.map((b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]))));
    nearest.sort((a, b) => a - b);
    const rank = 0.95 * (nearest.length - 1);
    const [low = 0, high = 0] = [nearest[Math.floor(rank)], nearest[Math.ceil(rank)]];
    return low + (high - low) * (rank % 1);
  };
  return Math.max(percentile(one, other), percentile(other, one));
}

describe('surfaceDistance95', () => {
  const ball = volume((i, j, k) => Math.hypot((i - 7) * 1.5, (j - 6) * 2, (k - 5) * 3) < 8);

  it('is 0 between equals, and null where one is empty', () => {
    expect(surfaceDistance95(ball, ball, 2)).toBe(0);
    expect(
      surfaceDistance95(
        ball,
        volume(() => false),
        2,
      ),
    ).toBeNull();
    expect(surfaceDistance95(ball, ball, 1)).toBeNull();
  });

  it('is the way that a structure was moved, in mm of the axis', () => {
    const plate = (at: number) => volume((i) => i === at);
    expect(surfaceDistance95(plate(3), plate(7), 2)).toBeCloseTo(6);
    expect(
      surfaceDistance95(
        volume((_, j) => j < 4),
        volume((_, j) => j < 5),
        2,
      ),
    ).toBeCloseTo(2);
    expect(
      surfaceDistance95(
        volume((_, __, k) => k === 2),
        volume((_, __, k) => k === 9),
        2,
      ),
    ).toBeCloseTo(21);
  });

  it.each([
    ['a larger ball', volume((i, j, k) => Math.hypot((i - 7) * 1.5, (j - 6) * 2, (k - 5) * 3) < 10.5)],
    ['a ball beside it', volume((i, j, k) => Math.hypot((i - 9) * 1.5, (j - 5) * 2, (k - 6) * 3) < 7)],
    [
      'a ball with a far speck',
      volume((i, j, k) => Math.hypot((i - 7) * 1.5, (j - 6) * 2, (k - 5) * 3) < 8 || i + j + k === 0),
    ],
  ])('is what measuring each pair gives: %s', (_, other) => {
    expect(surfaceDistance95(ball, other, 2)).toBeCloseTo(byHand(ball, other), 9);
  });
});
