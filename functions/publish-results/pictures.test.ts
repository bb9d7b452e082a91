import { describe, expect, it } from 'vitest';
import { dot, length, type Vector } from '../../lib/imaging/affine.ts';
import { GRIDS } from '../../lib/imaging/volume.fixture.ts';
import { countOf, type Grid, toWorld } from '../../lib/imaging/volume.ts';
import type { PatientDirection } from '../../schemas/result.ts';
import type { Structure } from '../../schemas/volume.ts';
import { type Picture, picturesOf } from './pictures.ts';

const SIZE = [26, 22, 18] as const;
const CODE = { value: '1', scheme: '99TEST', meaning: 'test' };
const BALL: Structure = { label: 1, name: 'ball', title: 'Ball', category: CODE, type: CODE, colour: '#ff0000' };

/** One step in LPS. */
const STEPS: Readonly<Record<PatientDirection, Vector>> = {
  ...{ L: [1, 0, 0], R: [-1, 0, 0], P: [0, 1, 0], A: [0, -1, 0], H: [0, 0, 1], F: [0, 0, -1] },
};

/** A ball of voxels around an index. */
function ballAt(grid: Grid, [i, j, k]: Vector): Uint8Array {
  return Uint8Array.from({ length: countOf(grid) }, (_, at) => {
    const [column, row, slice] = [at % SIZE[0], Math.floor(at / SIZE[0]) % SIZE[1], Math.floor(at / SIZE[0] / SIZE[1])];
    return Math.hypot(column - i, row - j, slice - k) <= 2.5 ? 1 : 0;
  });
}

/** Where the outline lies, as a part of the picture from its middle: to the right, and down. */
function outlineIn({ rows, columns, rgb }: Picture): [number, number] {
  const red = Array.from({ length: rows * columns }, (_, at) => at).filter(
    (at) => rgb[3 * at] === 255 && rgb[3 * at + 1] === 0,
  );
  const mean = (of: (at: number) => number) => red.reduce((sum, at) => sum + of(at), 0) / red.length;
  return [mean((at) => at % columns) / columns - 0.5, mean((at) => Math.floor(at / columns)) / rows - 0.5];
}

const AWAY = [0, 1, 2].flatMap((axis) => [-5, 5].map((voxels) => ({ axis, voxels })));

describe.each(Object.entries(GRIDS))('pictures of a volume that lies %s', (_, { affine }) => {
  const grid: Grid = { size: [...SIZE], affine };
  const middle: Vector = [(SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2, (SIZE[2] - 1) / 2];

  it.each(AWAY)('show what lies $voxels voxels from the middle, along axis $axis, where their letters say', (away) => {
    const [i, j, k] = middle.map((at, axis) => (axis === away.axis ? at + away.voxels : at));
    const at: Vector = [i ?? 0, j ?? 0, k ?? 0];
    const [from, to] = [toWorld(grid, ...middle), toWorld(grid, ...at)];
    const offset: Vector = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
    const values = new Int16Array(countOf(grid));
    const labels = ballAt(grid, at);
    const pictures = picturesOf(
      { grid, values },
      { grid, values: labels },
      { structures: [BALL], units: null, longestSide: 128 },
    );
    let checked = 0;
    for (const picture of pictures) {
      const [right, down] = outlineIn(picture);
      const [across, along] = picture.PatientOrientation;
      for (const [place, letter] of [[right, across] as const, [down, along] as const]) {
        const part = dot(offset, STEPS[letter]) / length(offset);
        if (Math.abs(part) < 0.7) continue;
        expect(Math.sign(place), `${picture.title}: ${letter}`).toBe(Math.sign(part));
        expect(Math.abs(place)).toBeGreaterThan(0.1);
        checked++;
      }
    }
    expect(checked, 'each axis lies in two of the three sections').toBe(2);
  });
});

it('hang as radiologists hang them', () => {
  const { plain } = GRIDS;
  const volume = { grid: plain, values: new Int16Array(countOf(plain)) };
  const labels = { grid: plain, values: new Uint8Array(countOf(plain)) };
  const pictures = picturesOf(volume, labels, { structures: [BALL], units: null, longestSide: 64 });
  expect(pictures.map(({ title, PatientOrientation }) => [title, PatientOrientation.join('')])).toEqual([
    ['Axial, in the middle', 'LP'],
    ['Coronal, in the middle', 'LF'],
    ['Sagittal, in the middle', 'PF'],
  ]);
});
