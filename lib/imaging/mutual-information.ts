import { compose, invert, type Matrix, matrixOf } from './affine.ts';
import { percentilesOf } from './normalise.ts';
import { type Grid, toWorld, type Volume3D } from './volume.ts';

const BINS = 40;
/** Its multiples spread evenly between whole numbers. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Points of the fixed volume that are compared, at most: every n-th voxel. */
const MOST_POINTS = 80_000;
/** Where fewer of the points than this part lie in both volumes, they have nothing to say. */
const LEAST_OVERLAP = 0.25;

/** Positions of the fixed volume and the bin of the value there. */
interface Points {
  readonly count: number;
  readonly places: Float32Array;
  readonly bins: Uint8Array;
}

/**
 * How much the values of two volumes tell of each other, whatever the contrast of each: normalised mutual information,
 * (H(fixed) + H(moving)) / H(both), 1 to 2, over the points of the fixed volume that lie in the moving one. What it
 * returns takes positions of the fixed volume to the moving one's (LPS, mm).
 */
export function similarityOf(fixed: Volume3D, moving: Volume3D): (transform: Matrix) => number {
  const points = pointsOf(fixed);
  const values = binned(moving);
  const toMoving = invert(matrixOf(moving.grid.affine));
  const joint = new Float64Array(BINS * BINS);
  return (transform) => {
    joint.fill(0);
    const inside = fill(joint, points, { grid: moving.grid, values }, compose(toMoving, transform));
    return inside < LEAST_OVERLAP * points.count ? 1 : normalisedInformation(joint);
  };
}

/** Strewn a little beside the voxels' centres: where both grids agree, centres alone would favour staying there. */
function pointsOf(fixed: Volume3D): Points {
  const { grid } = fixed;
  const values = binned(fixed);
  const [columns, rows, slices] = grid.size;
  const every = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  const count = Math.ceil(values.length / every);
  const [places, bins] = [new Float32Array(3 * count), new Uint8Array(count)];
  const beside = (centre: number, size: number, turn: number) =>
    Math.min(size - 1, Math.max(0, centre + ((turn * GOLDEN) % 1) - 0.5));
  for (let point = 0, at = 0; point < count; point++, at += every) {
    const i = beside(at % columns, columns, point);
    const j = beside(Math.floor(at / columns) % rows, rows, point * 3 + 1);
    const k = beside(Math.floor(at / columns / rows), slices, point * 7 + 2);
    places.set(toWorld(grid, i, j, k), 3 * point);
    bins[point] = Math.min(BINS - 1, Math.round(valueAt(values, grid.size, i, j, k)));
  }
  return { count, places, bins };
}

/** Trilinear, inside the volume. */
function valueAt(values: Float32Array, [nx, ny, nz]: Grid['size'], x: number, y: number, z: number): number {
  const ix = Math.min(nx - 2, Math.floor(x));
  const iy = Math.min(ny - 2, Math.floor(y));
  const iz = Math.min(nz - 2, Math.floor(z));
  const [fx, fy, fz] = [x - ix, y - iy, z - iz];
  const at = ix + nx * (iy + ny * iz);
  const plane = nx * ny;
  const row = (from: number) => (values[from] ?? 0) * (1 - fx) + (values[from + 1] ?? 0) * fx;
  const near = row(at) * (1 - fy) + row(at + nx) * fy;
  const far = row(at + plane) * (1 - fy) + row(at + plane + nx) * fy;
  return near * (1 - fz) + far * fz;
}

/** Values from 0 to BINS − 1, between the first and the 99.5th percentile. */
function binned({ values }: Volume3D): Float32Array {
  const [low = 0, high = 0] = percentilesOf(values, [1, 99.5]);
  const scale = high > low ? (BINS - 1) / (high - low) : 0;
  const bins = new Float32Array(values.length);
  for (let at = 0; at < bins.length; at++)
    bins[at] = Math.min(BINS - 1, Math.max(0, ((values[at] ?? 0) - low) * scale));
  return bins;
}

/** Counts pairs of bins, the moving value shared between its two nearest. @returns points that lie in the moving volume */
function fill(joint: Float64Array, points: Points, moving: Volume3D<Float32Array>, map: Matrix): number {
  const { count, places, bins } = points;
  const { values } = moving;
  const [nx, ny, nz] = moving.grid.size;
  let inside = 0;
  for (let point = 0; point < count; point++) {
    const px = places[3 * point] ?? 0;
    const py = places[3 * point + 1] ?? 0;
    const pz = places[3 * point + 2] ?? 0;
    const x = map[0] * px + map[1] * py + map[2] * pz + map[3];
    const y = map[4] * px + map[5] * py + map[6] * pz + map[7];
    const z = map[8] * px + map[9] * py + map[10] * pz + map[11];
    if (!(x >= 0 && y >= 0 && z >= 0 && x <= nx - 1 && y <= ny - 1 && z <= nz - 1)) continue;
    inside++;
    const value = valueAt(values, moving.grid.size, x, y, z);
    const low = Math.min(BINS - 2, Math.floor(value));
    const cell = (bins[point] ?? 0) * BINS + low;
    joint[cell] = (joint[cell] ?? 0) + 1 - (value - low);
    joint[cell + 1] = (joint[cell + 1] ?? 0) + (value - low);
  }
  return inside;
}

function normalisedInformation(joint: Float64Array): number {
  const [rows, columns] = [new Float64Array(BINS), new Float64Array(BINS)];
  joint.forEach((weight, cell) => {
    const [row, column] = [Math.floor(cell / BINS), cell % BINS];
    rows[row] = (rows[row] ?? 0) + weight;
    columns[column] = (columns[column] ?? 0) + weight;
  });
  const both = entropyOf(joint);
  return both > 0 ? (entropyOf(rows) + entropyOf(columns)) / both : 1;
}

function entropyOf(weights: Float64Array): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight) => (weight > 0 ? sum - (weight / total) * Math.log(weight / total) : sum), 0);
}
