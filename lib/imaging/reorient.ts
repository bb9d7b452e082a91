import { column, fromColumns, matrixOf, plus, scaled, shiftOf, type Vector } from './affine.ts';
import { type Axis, countOf, emptyLike, type Grid, orientationOf, type Volume3D, type Voxels } from './volume.ts';

const AXES = [0, 1, 2] as const;
const PAIRS = ['LR', 'PA', 'SI'] as const;

/** New axis → old axis, and whether it runs the other way. */
export type AxisOrder = readonly [AxisFrom, AxisFrom, AxisFrom];
export interface AxisFrom {
  readonly axis: Axis;
  readonly flipped: boolean;
}

/**
 * The order of axes that makes a grid's orientation `code`.
 *
 * @param code three letters, one of each pair L/R, P/A, S/I
 * @throws {RangeError} it is no such code
 */
export function orderFor(grid: Grid, code: string): AxisOrder {
  const now = orientationOf(grid);
  const from = (at: Axis): AxisFrom => {
    const pair = PAIRS.find((letters) => letters.includes(code[at] ?? '?'));
    const axis = AXES.find((candidate) => pair?.includes(now[candidate] ?? ''));
    if (axis === undefined) throw new RangeError(`${code} is no orientation: it names one of L/R, P/A and S/I each.`);
    return { axis, flipped: now[axis] !== code[at] };
  };
  const order: AxisOrder = [from(0), from(1), from(2)];
  if (new Set(order.map(({ axis }) => axis)).size === 3 && code.length === 3) return order;
  throw new RangeError(`${code} is no orientation: it names one of L/R, P/A and S/I each.`);
}

/** The order that takes back what `order` did. */
export function inverseOrder(order: AxisOrder): AxisOrder {
  const from = (at: Axis): AxisFrom => {
    const axis = AXES.find((candidate) => order[candidate].axis === at) ?? at;
    return { axis, flipped: order[axis].flipped };
  };
  return [from(0), from(1), from(2)];
}

/** The grid with its axes in another order: the same voxels at the same places. */
function reorderGrid({ size, affine }: Grid, order: AxisOrder): Grid {
  const matrix = matrixOf(affine);
  let origin: Vector = shiftOf(matrix);
  const columns = order.map(({ axis, flipped }) => {
    const step = column(matrix, axis);
    if (!flipped) return step;
    origin = plus(origin, scaled(step, size[axis] - 1));
    return scaled(step, -1);
  });
  const [i = [1, 0, 0], j = [0, 1, 0], k = [0, 0, 1]] = columns;
  return {
    size: [size[order[0].axis], size[order[1].axis], size[order[2].axis]],
    affine: [...fromColumns(i, j, k, origin)],
  };
}

/** As `reorderGrid`, with the values: exact, and undone by `inverseOrder`. A copy, unless nothing changes. */
export function reorder<T extends Voxels>(volume: Volume3D<T>, order: AxisOrder): Volume3D<T> {
  if (order.every(({ axis, flipped }, at) => axis === at && !flipped)) return volume;
  const grid = reorderGrid(volume.grid, order);
  return { grid, values: copyAlong(volume, order, grid) };
}

/** The same volume with its axes along `code`, e.g. `LPS`, as nearly as without resampling. */
export function reorient<T extends Voxels>(volume: Volume3D<T>, code: string): Volume3D<T> {
  return reorder(volume, orderFor(volume.grid, code));
}

function copyAlong<T extends Voxels>({ grid, values }: Volume3D<T>, order: AxisOrder, to: Grid): T {
  const out = emptyLike(values, countOf(to));
  fillAlong(out, values, grid, order, to);
  return out;
}

function fillAlong(out: Voxels, values: Voxels, grid: Grid, order: AxisOrder, to: Grid): void {
  const strides = [1, grid.size[0], grid.size[0] * grid.size[1]] as const;
  const step = order.map(({ axis, flipped }) => (flipped ? -strides[axis] : strides[axis]));
  const [di = 1, dj = 1, dk = 1] = step;
  const start = order.reduce(
    (sum, { axis, flipped }) => sum + (flipped ? strides[axis] * (grid.size[axis] - 1) : 0),
    0,
  );
  const [columns, rows, slices] = to.size;
  let at = 0;
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      let from = start + j * dj + k * dk;
      for (let i = 0; i < columns; i++, at++, from += di) out[at] = values[from] ?? 0;
    }
  }
}
