/** Voxels along i (columns), j (rows), k (slices), i fastest; index of a voxel's centre → mm, LPS: three rows of four. */
export interface PhantomGrid {
  size: [columns: number, rows: number, slices: number];
  affine: number[];
}

export type Voxels = Int16Array | Uint16Array | Float32Array | Uint8Array;

/** A phantom's values on a grid. */
export interface PhantomVolume<T extends Voxels = Voxels> {
  readonly grid: PhantomGrid;
  readonly values: T;
}

/** How slices lie in the patient: the axis that is perpendicular to them, or an oblique one. */
export type Plane = 'axial' | 'sagittal' | 'coronal';

/** Directions of columns (i), rows (j) and slices (k) in LPS, as scanners store them. */
const planes: Record<Plane, readonly [Vector, Vector, Vector]> = {
  axial: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  sagittal: [
    [0, 1, 0],
    [0, 0, -1],
    [-1, 0, 0],
  ],
  coronal: [
    [1, 0, 0],
    [0, 0, -1],
    [0, 1, 0],
  ],
};

export type Vector = readonly [number, number, number];

export interface GridWishes {
  size: readonly [number, number, number];
  /** mm along i, j, k. */
  spacing: readonly [number, number, number];
  plane?: Plane;
  /** Turns the whole grid about x, then y, then z, in degrees: an oblique exam. */
  oblique?: Vector;
  /** The slices run the other way. */
  reversed?: boolean;
  /** mm, LPS: where the middle of the grid lies. */
  centre?: Vector;
}

/** The grid of an exam of any orientation, spacing and order whose middle lies at `centre`. */
export function gridOf({
  size,
  spacing,
  plane = 'axial',
  oblique,
  reversed,
  centre = [0, 0, 0],
}: GridWishes): PhantomGrid {
  const turn = rotation(oblique ?? [0, 0, 0]);
  const axes = planes[plane].map((direction, axis) => {
    const length = (spacing[axis] ?? 1) * (axis === 2 && reversed === true ? -1 : 1);
    return apply(turn, direction).map((part) => part * length);
  });
  const affine = [0, 1, 2].flatMap((row) => {
    const parts = axes.map((axis) => axis[row] ?? 0);
    const half = parts.reduce((sum, part, axis) => sum + (part * ((size[axis] ?? 1) - 1)) / 2, 0);
    return [...parts, (centre[row] ?? 0) - half];
  });
  return { size: [...size], affine };
}

/** Nine numbers, row by row. */
export type Matrix = readonly number[];

/** Turns about x, then y, then z, by degrees. */
export function rotation(degrees: Vector): Matrix {
  const turn = (degrees: number) => {
    const angle = (degrees * Math.PI) / 180;
    return [Math.cos(angle), Math.sin(angle)] as const;
  };
  const [[cx, sx], [cy, sy], [cz, sz]] = [turn(degrees[0]), turn(degrees[1]), turn(degrees[2])];
  return [
    cz * cy,
    cz * sy * sx - sz * cx,
    cz * sy * cx + sz * sx,
    sz * cy,
    sz * sy * sx + cz * cx,
    sz * sy * cx - cz * sx,
    -sy,
    cy * sx,
    cy * cx,
  ];
}

export function apply(matrix: Matrix, vector: Vector): [number, number, number] {
  const row = (n: number) =>
    (matrix[3 * n] ?? 0) * vector[0] + (matrix[3 * n + 1] ?? 0) * vector[1] + (matrix[3 * n + 2] ?? 0) * vector[2];
  return [row(0), row(1), row(2)];
}
