import { describe, expect, it } from 'vitest';
import { centredBlock, cut, cutInPlace, foregroundBlock, gridOfBlock, paste, tightBlock, wholeOf } from './crop.ts';
import { GRIDS, numbered } from './volume.fixture.ts';
import { countOf, toWorld } from './volume.ts';

describe('foregroundBlock', () => {
  const values = new Int16Array(countOf(GRIDS.oblique)).fill(-1000);
  values[2 + 6 * (1 + 5 * 2)] = 50;
  values[3 + 6 * (2 + 5 * 2)] = 50;

  it('holds what lies above, with a margin in mm that stays inside', () => {
    const volume = { grid: GRIDS.oblique, values };
    expect(foregroundBlock(volume, 0)).toEqual({ from: [2, 1, 2], to: [4, 3, 3] });
    // 1 mm is two columns of 0.5, two rows of 0.7 and one slice of 3.
    expect(foregroundBlock(volume, 0, 1)).toEqual({ from: [0, 0, 1], to: [6, 5, 4] });
  });

  it('is the whole where nothing lies above', () => {
    expect(foregroundBlock({ grid: GRIDS.oblique, values }, 99)).toEqual(wholeOf(GRIDS.oblique));
    expect(tightBlock(GRIDS.oblique, values, 99)).toBeUndefined();
  });
});

describe('cut', () => {
  it.each(Object.entries(GRIDS))('%s: leaves voxels where they are, and pads beyond', (_, grid) => {
    const volume = numbered(grid);
    const block = { from: [1, -1, 2], to: [4, 3, 7] } as const;
    const part = cut(volume, block, -9);
    expect(part.grid.size).toEqual([3, 4, 5]);
    const [there, here] = [toWorld(part.grid, 0, 1, 0), toWorld(grid, 1, 0, 2)];
    there.forEach((value, axis) => {
      expect(value).toBeCloseTo(here[axis] ?? 0, 9);
    });
    expect(part.values[0]).toBe(-9);
    expect(part.values[3]).toBe(volume.values[1 + grid.size[0] * grid.size[1] * 2]);
    expect(part.values.at(-1)).toBe(grid.size[2] > 6 ? 0 : -9);
  });

  it('is undone by paste', () => {
    const volume = numbered(GRIDS.plain);
    for (const size of [
      [3, 2, 1],
      [9, 9, 9],
      [5, 1, 8],
    ] as const) {
      const block = centredBlock(volume.grid, [...size]);
      const part = cut(volume, block, -1);
      expect(part.grid).toEqual(gridOfBlock(volume.grid, block));
      const back = { grid: volume.grid, values: volume.values.slice().fill(0) };
      paste(back, part, block);
      const inside = back.values.filter((value) => value !== 0);
      expect(inside.length).toBe(Math.min(5, size[0]) * Math.min(4, size[1]) * Math.min(3, size[2]));
      back.values.forEach((value, at) => {
        if (value !== 0) expect(value).toBe(volume.values[at]);
      });
    }
  });

  it('is the same in the volume’s own memory', () => {
    for (const block of [
      { from: [1, 1, 1], to: [4, 3, 3] },
      { from: [0, 0, 0], to: GRIDS.plain.size },
      { from: [0, 3, 2], to: [5, 4, 3] },
    ] as const) {
      const expected = cut(numbered(GRIDS.plain), block);
      const volume = numbered(GRIDS.plain);
      const part = cutInPlace(volume, block);
      expect([part.grid, [...part.values]]).toEqual([expected.grid, [...expected.values]]);
      expect(part.values.buffer).toBe(volume.values.buffer);
    }
    const beyond = { from: [-1, 0, 0], to: [2, 2, 2] } as const;
    expect(() => cutInPlace(numbered(GRIDS.plain), beyond)).toThrow(RangeError);
  });
});
