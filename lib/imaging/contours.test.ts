import { describe, expect, it } from 'vitest';
import { coverRings, fillRings, fromPatient, polygonsOf, toPatient } from './contours.ts';
import { GRIDS, generator } from './volume.fixture.ts';
import { type Grid, gridOf, type Volume3D } from './volume.ts';

/** A mask of one slice, drawn: `#` is in. */
function drawn(...rows: string[]): Volume3D<Uint8Array> {
  const grid = gridOf([rows[0]?.length ?? 0, rows.length, 1]);
  return { grid, values: Uint8Array.from(rows.join(''), (character) => (character === '#' ? 1 : 0)) };
}

function refilled(mask: Volume3D<Uint8Array>, k = 0, label = 1): Uint8Array {
  const [columns, rows] = mask.grid.size;
  const slice = new Uint8Array(columns * rows);
  const rings = polygonsOf(mask, k, label).flatMap(({ outer, holes }) => [outer, ...holes]);
  fillRings(slice, columns, rings, label);
  return slice;
}

describe('polygonsOf', () => {
  it('goes along the edges of pixels, so that the area is theirs', () => {
    expect(polygonsOf(drawn('....', '.##.', '....'), 0)).toEqual([
      { outer: [2.5, 0.5, 2.5, 1.5, 0.5, 1.5, 0.5, 0.5], holes: [] },
    ]);
  });

  it('keeps holes with the area that they are in, and islands in holes as areas', () => {
    const polygons = polygonsOf(drawn('#######', '#.....#', '#.###.#', '#.#.#.#', '#.###.#', '#.....#', '#######'), 0);
    expect(polygons.map(({ outer, holes }) => [outer.length / 2, holes.length])).toEqual([
      [4, 1],
      [4, 1],
    ]);
  });

  it('takes pixels that touch at a corner apart, also across a hole', () => {
    expect(polygonsOf(drawn('#.', '.#'), 0)).toHaveLength(2);
    const polygons = polygonsOf(drawn('####', '#.##', '##.#', '####'), 0);
    expect(polygons).toHaveLength(1);
    expect(polygons[0]?.holes.reduce((sum, hole) => sum + hole.length / 2, 0)).toBe(8);
  });

  it.each([1, 2, 3, 4, 5])('is undone by fillRings, whatever the mask (%i)', (seed) => {
    const random = generator(seed);
    const mask = {
      grid: gridOf([31, 23, 2]),
      values: Uint8Array.from({ length: 31 * 23 * 2 }, () => Math.floor(random() * 3)),
    };
    for (const label of [1, 2]) {
      const expected = mask.values.subarray(31 * 23).map((value) => (value === label ? label : 0));
      expect(refilled(mask, 1, label)).toEqual(expected);
    }
  });

  it('finds nothing in an empty slice', () => {
    expect(polygonsOf(drawn('...', '...'), 0)).toEqual([]);
  });
});

describe('rings in the patient', () => {
  it.each(Object.entries(GRIDS))(
    '%s: come back to the same pixels of the same slice, as DICOM writes them',
    (_, small) => {
      const grid: Grid = { ...small, size: [40, 36, 3] };
      const random = generator(9);
      const values = Uint8Array.from({ length: 40 * 36 * 3 }, (_value, at) => {
        const [i, j] = [at % 40, Math.floor(at / 40) % 36];
        const r = Math.hypot(i - 20, j - 18);
        return r < 15 && r > 5 + 2 * random() ? 1 : 0;
      });
      const mask = { grid, values };
      const k = 2;
      const written = polygonsOf(mask, k)
        .flatMap(({ outer, holes }) => [outer, ...holes])
        .map((ring) => toPatient(grid, k, ring).map((value) => Number(value.toFixed(4))));
      const read = written.map((points) => fromPatient(grid, points));
      read.forEach((ring) => {
        expect(ring.k).toBeCloseTo(k, 3);
      });
      const slice = new Uint8Array(40 * 36);
      fillRings(
        slice,
        40,
        read.map(({ ring }) => ring),
      );
      expect(slice).toEqual(values.subarray(40 * 36 * k));
    },
  );
});

describe('coverRings', () => {
  it('makes whole what rings through the outermost pixels go around, and changes nothing where they go around pixels', () => {
    const through = new Uint8Array(25);
    const rings = [[1, 1, 3, 1, 3, 2, 2, 3, 1, 3]];
    fillRings(through, 5, rings);
    coverRings(through, 5, rings);
    const expected = drawn('.....', '.###.', '.###.', '.##..', '.....');
    expect([...through]).toEqual([...expected.values]);
    const around = refilled(expected);
    coverRings(
      around,
      5,
      polygonsOf(expected, 0).map(({ outer }) => outer),
    );
    expect([...around]).toEqual([...expected.values]);
  });
});

describe('fillRings', () => {
  it('fills what lies inside an odd number of rings, and cuts what lies outside', () => {
    const slice = new Uint8Array(25);
    fillRings(slice, 5, [
      [-9, -9, 3.2, -9, 3.2, 9, -9, 9],
      [0.5, 0.5, 2.5, 0.5, 2.5, 2.5, 0.5, 2.5],
    ]);
    expect(Array.from({ length: 5 }, (_, row) => slice.subarray(5 * row, 5 * row + 5).join(''))).toEqual([
      '11110',
      '10010',
      '10010',
      '11110',
      '11110',
    ]);
  });

  it('counts a corner that lies on the middle of a row once', () => {
    const slice = new Uint8Array(25);
    fillRings(slice, 5, [[2, -0.5, 4.4, 2, 2, 4.4, -0.4, 2]]);
    expect(slice.subarray(10, 15).join('')).toBe('11111');
  });
});
