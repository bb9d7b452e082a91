import type { Grid } from '../../../schemas/volume.ts';
import { UnfitObjectError } from './unfit.ts';
import { columnOf, dot, indexer, length, plus, unit, type Vector, worldOf } from './vector.ts';

/** How the planes of a grid lie, as DICOM says it (PS3.3 C.7.6.2.1.1); mm and LPS. */
export interface Planes {
  /** Unit vectors along increasing column and along increasing row. */
  readonly ImageOrientationPatient: readonly number[];
  /** Between rows, then between columns. */
  readonly PixelSpacing: readonly [number, number];
  /** Between the planes, positive. */
  readonly spacing: number;
  /** Centre of the first pixel of plane k. */
  position(k: number): Vector;
}

/** Cosine of the angle between two axes: more than rounding in the positions of real series, less than any tilt. */
const MOST_SHEAR = 0.01;
/** Part of a voxel by which a plane that is read may lie beside the grid. */
const MOST_OFFSET = 0.1;

/**
 * The planes of constant k.
 *
 * @throws {UnfitObjectError} rows, columns and planes do not stand on each other at right angles, as readers take it that they do
 */
export function planesOf(grid: Grid): Planes {
  const [i, j, k, origin] = [columnOf(grid, 0), columnOf(grid, 1), columnOf(grid, 2), columnOf(grid, 3)];
  const [di, dj, dk] = [unit(i), unit(j), unit(k)];
  const cosine = Math.max(Math.abs(dot(di, dj)), Math.abs(dot(di, dk)), Math.abs(dot(dj, dk)));
  if (!(cosine <= MOST_SHEAR)) {
    throw new UnfitObjectError(
      'geometry',
      'Rows, columns and slices must stand on each other at right angles; these do not.',
    );
  }
  return {
    ImageOrientationPatient: [...di, ...dj],
    PixelSpacing: [length(j), length(i)],
    spacing: length(k),
    position: (at) => plus(origin, k, at),
  };
}

/** A plane of pixels, as an object that is read says it. */
export interface ReadPlane {
  readonly ImagePositionPatient: readonly number[];
  readonly ImageOrientationPatient: readonly number[];
  readonly PixelSpacing: readonly number[];
  readonly rows: number;
  readonly columns: number;
}

/** Where the pixels of a plane are in the memory of a volume: pixel (column, row) at `start + column·across + row·down`. */
export interface Placement {
  readonly start: number;
  readonly across: number;
  readonly down: number;
  /** Largest distance of a corner pixel from its voxel, mm. */
  readonly deviationMm: number;
  /** Whether pixel (column, row) lies in the grid. */
  isInside(column: number, row: number): boolean;
}

/**
 * Lays a plane on a grid, whichever of the grid's axes it is along and in whichever way it runs.
 *
 * @throws {UnfitObjectError} its pixels are no voxels of the grid: other spacing, direction, or beside them
 */
export function placementOf(plane: ReadPlane, grid: Grid): Placement {
  const [x, y, z, ...orientation] = [...plane.ImagePositionPatient, ...plane.ImageOrientationPatient];
  const [rx, ry, rz, cx, cy, cz] = orientation;
  const [rowSpacing, columnSpacing] = plane.PixelSpacing;
  const numbers = [x, y, z, rx, ry, rz, cx, cy, cz, rowSpacing, columnSpacing];
  if (!numbers.every((number) => number !== undefined && Number.isFinite(number))) {
    throw new UnfitObjectError(
      'geometry',
      'A frame must say where it lies: position, orientation and spacing of its pixels.',
    );
  }
  const at = (column: number, row: number): Vector => [
    (x ?? 0) + (rx ?? 0) * column * (columnSpacing ?? 0) + (cx ?? 0) * row * (rowSpacing ?? 0),
    (y ?? 0) + (ry ?? 0) * column * (columnSpacing ?? 0) + (cy ?? 0) * row * (rowSpacing ?? 0),
    (z ?? 0) + (rz ?? 0) * column * (columnSpacing ?? 0) + (cz ?? 0) * row * (rowSpacing ?? 0),
  ];
  const index = indexer(grid);
  const first = index(at(0, 0));
  const start = whole(first);
  const [columns, rows] = [Math.max(1, plane.columns - 1), Math.max(1, plane.rows - 1)];
  // Over the whole width, so that a small difference in spacing shows.
  const across = step(first, index(at(columns, 0)), columns);
  const down = step(first, index(at(0, rows)), rows);
  const corners = [
    [0, 0],
    [plane.columns - 1, 0],
    [0, plane.rows - 1],
  ] as const;
  const deviations = corners.map(([column, row]) =>
    length(plus(at(column, row), worldOf(grid, plus(plus(start, across, column), down, row)), -1)),
  );
  const stride = (v: Vector) => v[0] + grid.size[0] * (v[1] + grid.size[1] * v[2]);
  return {
    start: stride(start),
    across: stride(across),
    down: stride(down),
    deviationMm: Math.max(...deviations),
    isInside: (column, row) => {
      const voxel = plus(plus(start, across, column), down, row);
      return voxel.every((value, axis) => value >= 0 && value < (grid.size[axis] ?? 0));
    },
  };
}

function step(from: Vector, to: Vector, count: number): Vector {
  const way = whole(plus(to, from, -1));
  const each: Vector = [way[0] / count, way[1] / count, way[2] / count];
  const steps = each.map(Math.abs).sort((a, b) => a - b);
  if (steps[0] === 0 && steps[1] === 0 && steps[2] === 1) return each;
  throw new UnfitObjectError(
    'geometry',
    'A frame must have the pixel spacing and the directions of the series; this one has others.',
  );
}

function whole(index: Vector): Vector {
  const rounded: Vector = [Math.round(index[0]), Math.round(index[1]), Math.round(index[2])];
  if (length(plus(index, rounded, -1)) <= MOST_OFFSET) return rounded;
  throw new UnfitObjectError('geometry', 'A frame must lie on the voxels of the series; this one lies between them.');
}
