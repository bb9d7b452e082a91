import { describe, expect, it } from 'vitest';
import { componentsOf, fillHoles, largestComponent, withoutSmall } from './components.ts';
import { generator } from './volume.fixture.ts';
import { gridOf, type Volume3D } from './volume.ts';

function maskOf(size: readonly [number, number, number], inside: (i: number, j: number, k: number) => boolean) {
  const [columns, rows] = size;
  const values = Uint8Array.from({ length: columns * rows * size[2] }, (_, at) =>
    inside(at % columns, Math.floor(at / columns) % rows, Math.floor(at / columns / rows)) ? 1 : 0,
  );
  return { grid: gridOf([...size], [1, 2, 0.5]), values };
}

/** Sizes of components by walking from voxel to voxel: what the fast way must find. */
function walked({ grid, values }: Volume3D<Uint8Array>, connectivity: 6 | 26): number[] {
  const [nx, ny, nz] = grid.size;
  const seen = new Uint8Array(values.length);
  const sizes: number[] = [];
  for (let start = 0; start < values.length; start++) {
    if (values[start] === 0 || seen[start] === 1) continue;
    let size = 0;
    const open = [start];
    seen[start] = 1;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      size++;
      const [i, j, k] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / nx / ny)];
      for (let step = 0; step < 27; step++) {
        const [di, dj, dk] = [(step % 3) - 1, (Math.floor(step / 3) % 3) - 1, Math.floor(step / 9) - 1];
        if (connectivity === 6 && Math.abs(di) + Math.abs(dj) + Math.abs(dk) !== 1) continue;
        const [x, y, z] = [i + di, j + dj, k + dk];
        if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue;
        const next = x + nx * (y + ny * z);
        if (values[next] === 0 || seen[next] === 1) continue;
        seen[next] = 1;
        open.push(next);
      }
    }
    sizes.push(size);
  }
  return sizes.sort((a, b) => b - a);
}

describe('componentsOf', () => {
  it.each([0.1, 0.25, 0.4, 0.6])('finds the same as walking does, at a density of %d', (density) => {
    const random = generator(Math.round(density * 100));
    const mask = maskOf([17, 13, 9], () => random() < density);
    for (const connectivity of [6, 26] as const) {
      expect(componentsOf(mask, connectivity).sizes).toEqual(walked(mask, connectivity));
    }
  });

  it('joins what meets late: a comb', () => {
    const comb = maskOf([9, 6, 2], (i, j, k) => k === 0 && (i % 2 === 0 || j === 5));
    expect(componentsOf(comb, 6).count).toBe(1);
  });

  it('finds none in an empty mask', () => {
    expect(componentsOf(maskOf([3, 3, 3], () => false)).sizes).toEqual([]);
  });
});

describe('largestComponent and withoutSmall', () => {
  const three = maskOf([20, 5, 5], (i) => i < 2 || (i > 4 && i < 10) || i === 15);

  it('keep what is large, in mm³, and its values', () => {
    expect(largestComponent(three).values.reduce((sum, value) => sum + value, 0)).toBe(125);
    // A voxel has 1 mm³.
    expect(withoutSmall(three, 50).values.reduce((sum, value) => sum + value, 0)).toBe(175);
    expect(withoutSmall(three, 50.1).values.reduce((sum, value) => sum + value, 0)).toBe(125);
    const labelled = { grid: three.grid, values: three.values.map((value) => 7 * value) };
    expect(largestComponent(labelled).values[5]).toBe(7);
  });

  it('leave the mask that they are given alone', () => {
    const before = three.values.slice();
    largestComponent(three);
    expect(three.values).toEqual(before);
  });
});

describe('fillHoles', () => {
  const shell = (i: number, j: number, k: number) => Math.max(Math.abs(i - 4), Math.abs(j - 4), Math.abs(k - 4)) === 3;

  it('fills what nothing leads out of', () => {
    const filled = fillHoles(maskOf([9, 9, 9], shell));
    expect(filled.values.reduce((sum, value) => sum + value, 0)).toBe(343);
  });

  it('leaves a cavity with a way out over faces, and one at the border', () => {
    const open = maskOf([9, 9, 9], (i, j, k) => shell(i, j, k) && !(i === 1 && j === 4 && k === 4));
    expect(fillHoles(open).values).toEqual(open.values);
    const cut = maskOf([9, 9, 5], shell);
    expect(fillHoles(cut).values).toEqual(cut.values);
  });

  it('takes a way over an edge alone for none', () => {
    const nearly = maskOf([9, 9, 9], (i, j, k) => shell(i, j, k) && !(i === 1 && j === 1 && k === 4));
    expect(fillHoles(nearly).values[4 + 9 * (4 + 9 * 4)]).toBe(1);
  });
});
