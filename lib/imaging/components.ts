/**
 * Connected components of masks, by runs: a row's foreground is a few runs, and runs that touch are joined by union-find.
 * Time grows with the voxels, memory with the runs.
 */
import { determinant, matrixOf } from './affine.ts';
import { type Grid, type Volume3D, voxelMl } from './volume.ts';

/** Voxels that touch: at faces, or at edges and corners too. */
export type Connectivity = 6 | 26;

/** The components of a mask, largest first. */
export interface Components {
  readonly count: number;
  /** Voxels of each, from the largest. */
  readonly sizes: readonly number[];
  readonly runs: Runs;
  /** Component of each run, 0 the largest. */
  readonly componentOf: Int32Array;
}

/** Runs of foreground in order of memory: row `j + rows * k`, from column `from` to before `to`. */
export interface Runs {
  readonly rowOf: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** First run of each row, and one more entry: the number of runs. */
  readonly firstOf: Int32Array;
}

/**
 * Finds the components of the voxels that are not 0 (`inside` 1) or are 0 (`inside` 0). Components of the same size are in
 * order of memory.
 */
export function componentsOf(
  { grid, values }: Volume3D<Uint8Array>,
  connectivity: Connectivity = 26,
  inside: 0 | 1 = 1,
): Components {
  const runs = runsOf(grid, values, inside);
  const parent = Int32Array.from({ length: runs.from.length }, (_, run) => run);
  joinRows(grid, runs, parent, connectivity);
  const sizeOf = new Map<number, number>();
  for (let run = 0; run < parent.length; run++) {
    const root = rootOf(parent, run);
    sizeOf.set(root, (sizeOf.get(root) ?? 0) + (runs.to[run] ?? 0) - (runs.from[run] ?? 0));
  }
  const roots = [...sizeOf.entries()].sort(([a, sizeA], [b, sizeB]) => sizeB - sizeA || a - b);
  const place = new Map(roots.map(([root], index) => [root, index]));
  const componentOf = Int32Array.from(parent, (_, run) => place.get(rootOf(parent, run)) ?? 0);
  return { count: roots.length, sizes: roots.map(([, size]) => size), runs, componentOf };
}

/** The largest component alone. A copy. */
export function largestComponent(mask: Volume3D<Uint8Array>, connectivity: Connectivity = 26): Volume3D<Uint8Array> {
  return keep(mask, componentsOf(mask, connectivity), (component) => component === 0);
}

/** Components of at least that size in mm³. A copy. */
export function withoutSmall(
  mask: Volume3D<Uint8Array>,
  leastMm3: number,
  connectivity: Connectivity = 26,
): Volume3D<Uint8Array> {
  const components = componentsOf(mask, connectivity);
  const voxelMm3 = Math.abs(determinant(matrixOf(mask.grid.affine)));
  return keep(mask, components, (component) => (components.sizes[component] ?? 0) * voxelMm3 >= leastMm3 - 1e-9);
}

/** Background that no way over faces leads out of, to the border of the volume, becomes foreground (1). A copy. */
export function fillHoles(mask: Volume3D<Uint8Array>): Volume3D<Uint8Array> {
  const [columns, rows, slices] = mask.grid.size;
  const { runs, componentOf, count } = componentsOf(mask, 6, 0);
  const open = new Uint8Array(count);
  for (let run = 0; run < componentOf.length; run++) {
    const row = runs.rowOf[run] ?? 0;
    const [j, k] = [row % rows, Math.floor(row / rows)];
    const atBorder = j === 0 || j === rows - 1 || k === 0 || k === slices - 1;
    if (atBorder || runs.from[run] === 0 || runs.to[run] === columns) open[componentOf[run] ?? 0] = 1;
  }
  const values = mask.values.slice();
  for (let run = 0; run < componentOf.length; run++) {
    if (open[componentOf[run] ?? 0] === 1) continue;
    const start = (runs.rowOf[run] ?? 0) * columns;
    values.fill(1, start + (runs.from[run] ?? 0), start + (runs.to[run] ?? 0));
  }
  return { grid: mask.grid, values };
}

/** Volume of each component in mL, largest first. */
export function volumesMl(grid: Grid, { sizes }: Components): number[] {
  return sizes.map((voxels) => voxels * voxelMl(grid));
}

function keep(
  { grid, values }: Volume3D<Uint8Array>,
  { runs, componentOf }: Components,
  wanted: (component: number) => boolean,
): Volume3D<Uint8Array> {
  const kept = new Uint8Array(values.length);
  for (let run = 0; run < componentOf.length; run++) {
    if (!wanted(componentOf[run] ?? 0)) continue;
    const start = (runs.rowOf[run] ?? 0) * grid.size[0];
    const [from, to] = [start + (runs.from[run] ?? 0), start + (runs.to[run] ?? 0)];
    kept.set(values.subarray(from, to), from);
  }
  return { grid, values: kept };
}

function runsOf({ size }: Grid, values: Uint8Array, inside: 0 | 1): Runs {
  const [columns, rows, slices] = size;
  const [rowOf, from, to]: [number[], number[], number[]] = [[], [], []];
  const firstOf = new Int32Array(rows * slices + 1);
  for (let row = 0, start = 0; row < rows * slices; row++, start += columns) {
    firstOf[row] = from.length;
    let last = false;
    for (let i = 0; i < columns; i++) {
      const here = (values[start + i] !== 0) === (inside === 1);
      if (here !== last) {
        if (here) {
          rowOf.push(row);
          from.push(i);
        } else to.push(i);
      }
      last = here;
    }
    if (last) to.push(columns);
  }
  firstOf[rows * slices] = from.length;
  return { rowOf: Int32Array.from(rowOf), from: Int32Array.from(from), to: Int32Array.from(to), firstOf };
}

/** Joins the runs of every row with those of the rows before it that can touch it. */
function joinRows({ size }: Grid, runs: Runs, parent: Int32Array, connectivity: Connectivity): void {
  const [, rows, slices] = size;
  const reach = connectivity === 26 ? 1 : 0;
  const before =
    connectivity === 26
      ? [
          [-1, 0],
          [-1, -1],
          [0, -1],
          [1, -1],
        ]
      : [
          [-1, 0],
          [0, -1],
        ];
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (const [dj = 0, dk = 0] of before) {
        if (j + dj < 0 || j + dj >= rows || k + dk < 0) continue;
        joinTwo(runs, parent, j + rows * k, j + dj + rows * (k + dk), reach);
      }
    }
  }
}

function joinTwo({ from, to, firstOf }: Runs, parent: Int32Array, row: number, other: number, reach: number): void {
  let [a, b] = [firstOf[row] ?? 0, firstOf[other] ?? 0];
  const [endA, endB] = [firstOf[row + 1] ?? 0, firstOf[other + 1] ?? 0];
  while (a < endA && b < endB) {
    const [fromA, toA, fromB, toB] = [from[a] ?? 0, to[a] ?? 0, from[b] ?? 0, to[b] ?? 0];
    if (fromA < toB + reach && fromB < toA + reach) union(parent, a, b);
    if (toA < toB) a++;
    else b++;
  }
}

function union(parent: Int32Array, a: number, b: number): void {
  const [rootA, rootB] = [rootOf(parent, a), rootOf(parent, b)];
  // The earlier run stays the root, so that roots are in order of memory.
  if (rootA < rootB) parent[rootB] = rootA;
  else parent[rootA] = rootB;
}

/** Halves the way to the root while it goes there. */
function rootOf(parent: Int32Array, run: number): number {
  let at = run;
  let up = parent[at] ?? at;
  while (up !== at) {
    const above = parent[up] ?? up;
    parent[at] = above;
    at = above;
    up = parent[at] ?? at;
  }
  return at;
}
