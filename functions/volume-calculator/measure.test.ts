import { describe, expect, it } from 'vitest';
import { gridOf, type Volume3D } from '../../lib/imaging/volume.ts';
import type { Structure } from '../../schemas/volume.ts';
import { measure } from './measure.ts';

const code = { value: '1', scheme: 'SCT', meaning: 'Part' };
const structure = (label: number, name: string, title: string): Structure => ({
  label,
  name,
  title,
  category: code,
  type: code,
  colour: '#ff0000',
});
const LOBES = [structure(1, 'left-lobe', 'Left lobe'), structure(2, 'right-lobe', 'Right lobe')];

/** Voxels of 2 × 3 × 5 mm, labelled by their index. */
function labels(label: (i: number, j: number, k: number) => number): Volume3D<Uint8Array> {
  const grid = gridOf([10, 10, 10], [2, 3, 5]);
  return {
    grid,
    values: Uint8Array.from({ length: 1000 }, (_, at) =>
      label(at % 10, Math.floor(at / 10) % 10, Math.floor(at / 100)),
    ),
  };
}

describe('measure', () => {
  it('gives mL by the size of a voxel', () => {
    const { voxelMl, structures, notes } = measure(
      labels((i, j, k) => (i > 3 && j > 3 && k > 3 && k < 9 ? 1 : 0)),
      LOBES,
    );
    expect(voxelMl).toBeCloseTo(0.03);
    expect(structures[0]).toEqual({
      name: 'left-lobe',
      title: 'Left lobe',
      volumeMl: 5.4,
      voxels: 180,
      complete: true,
    });
    expect(structures[1]).toMatchObject({ volumeMl: 0, complete: true });
    expect(notes).toEqual(['Right lobe: nothing was found; its volume is 0 mL.']);
  });

  it('says what the first and the last slice cut off', () => {
    const { structures, notes } = measure(
      labels((i, _, k) => (i === 5 ? 1 : k === 9 ? 2 : 0)),
      LOBES,
    );
    expect(structures.map(({ complete }) => complete)).toEqual([false, false]);
    expect(notes).toEqual([
      'Left lobe touches the first and the last slice: part of it may lie outside the images.',
      'Right lobe touches the last slice: part of it may lie outside the images.',
    ]);
  });

  it('gives parts of a whole their percentage, and none where the whole is empty', () => {
    const half = measure(
      labels((i, _, k) => (k === 5 ? (i < 3 ? 1 : 2) : 0)),
      LOBES,
      ['left-lobe', 'right-lobe'],
    );
    expect(half.structures.map(({ percentOfTotal }) => percentOfTotal)).toEqual([30, 70]);
    const empty = measure(
      labels(() => 0),
      LOBES,
      ['left-lobe', 'right-lobe'],
    );
    expect(empty.structures[0]).not.toHaveProperty('percentOfTotal');
  });
});
