import { type Volume3D, voxelMl } from '../../lib/imaging/volume.ts';
import type { Structure, StructureVolume } from '../../schemas/volume.ts';

/** Counts of a label map: voxels of each label, and those in the first and in the last slice. */
interface Counts {
  readonly all: Uint32Array;
  readonly first: Uint32Array;
  readonly last: Uint32Array;
}

/** How large the structures of a label map are, whoever made it, and what a reader should know of them. */
export interface Measured {
  /** mL of one voxel. */
  readonly voxelMl: number;
  readonly structures: StructureVolume[];
  readonly notes: string[];
}

/**
 * Measures a label map: voxels times the volume of one. A structure that touches the first or last slice is not complete.
 *
 * @param total names of the structures that are parts of one whole; each gets its percentage of their sum
 */
export function measure(
  labels: Volume3D<Uint8Array>,
  structures: readonly Structure[],
  total: readonly string[] = [],
): Measured {
  const { all, first, last } = countsOf(labels);
  const ml = voxelMl(labels.grid);
  const sum = structures
    .filter(({ name }) => total.includes(name))
    .reduce((voxels, { label }) => voxels + (all[label] ?? 0), 0);
  const measured = structures.map(({ label, name, title }) => {
    const voxels = all[label] ?? 0;
    return {
      name,
      title,
      volumeMl: round(voxels * ml, 3),
      voxels,
      complete: (first[label] ?? 0) === 0 && (last[label] ?? 0) === 0,
      ...(total.includes(name) && sum > 0 ? { percentOfTotal: round((100 * voxels) / sum, 1) } : {}),
    };
  });
  return {
    voxelMl: ml,
    structures: measured,
    notes: structures.flatMap((structure) => notesOf(structure, { all, first, last })),
  };
}

function notesOf({ label, title }: Structure, { all, first, last }: Counts): string[] {
  if (all[label] === 0) return [`${title}: nothing was found; its volume is 0 mL.`];
  const ends = [...(first[label] === 0 ? [] : ['first']), ...(last[label] === 0 ? [] : ['last'])];
  if (ends.length === 0) return [];
  return [`${title} touches the ${ends.join(' and the ')} slice: part of it may lie outside the images.`];
}

function countsOf({ grid, values }: Volume3D<Uint8Array>): Counts {
  const slice = grid.size[0] * grid.size[1];
  return {
    all: histogramOf(values),
    first: histogramOf(values.subarray(0, slice)),
    last: histogramOf(values.subarray(values.length - slice)),
  };
}

function histogramOf(values: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
