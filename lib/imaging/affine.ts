/** A point or direction: x, y, z. */
export type Vector = readonly [number, number, number];

/** Three rows of four: a linear map of 3-D points and a shift. As long as `Grid.affine` of the schemas, known to be whole. */
export type Matrix = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

export const IDENTITY: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];

/** @throws {RangeError} there are not twelve numbers */
export function matrixOf(numbers: readonly number[]): Matrix {
  if (isMatrix(numbers)) return numbers;
  throw new RangeError(`An affine has 12 numbers; there are ${numbers.length}.`);
}

function isMatrix(numbers: readonly number[]): numbers is Matrix {
  return numbers.length === 12;
}

/** The image of a point. */
export function apply(matrix: Matrix, x: number, y: number, z: number): Vector {
  const [a, b, c, d, e, f, g, h, i, j, k, l] = matrix;
  return [a * x + b * y + c * z + d, e * x + f * y + g * z + h, i * x + j * y + k * z + l];
}

/** First `inner`, then `outer`. */
export function compose(outer: Matrix, inner: Matrix): Matrix {
  const [a, b, c, d, e, f, g, h, i, j, k, l] = outer;
  const [p0, p1, p2, p3, q0, q1, q2, q3, r0, r1, r2, r3] = inner;
  return [
    a * p0 + b * q0 + c * r0,
    a * p1 + b * q1 + c * r1,
    a * p2 + b * q2 + c * r2,
    a * p3 + b * q3 + c * r3 + d,
    e * p0 + f * q0 + g * r0,
    e * p1 + f * q1 + g * r1,
    e * p2 + f * q2 + g * r2,
    e * p3 + f * q3 + g * r3 + h,
    i * p0 + j * q0 + k * r0,
    i * p1 + j * q1 + k * r1,
    i * p2 + j * q2 + k * r2,
    i * p3 + j * q3 + k * r3 + l,
  ];
}

/** Of the linear part: the volume of what a unit cube becomes, negative where it is mirrored. */
export function determinant([a, b, c, , e, f, g, , i, j, k]: Matrix): number {
  return a * (f * k - g * j) - b * (e * k - g * i) + c * (e * j - f * i);
}

/** @throws {RangeError} the map flattens space */
export function invert(matrix: Matrix): Matrix {
  const [a, b, c, d, e, f, g, h, i, j, k, l] = matrix;
  const scale = determinant(matrix);
  if (!(Math.abs(scale) > 1e-12)) throw new RangeError('The affine flattens space: its axes do not span a volume.');
  const rows = [
    (f * k - g * j) / scale,
    (c * j - b * k) / scale,
    (b * g - c * f) / scale,
    (g * i - e * k) / scale,
    (a * k - c * i) / scale,
    (c * e - a * g) / scale,
    (e * j - f * i) / scale,
    (b * i - a * j) / scale,
    (a * f - b * e) / scale,
  ] as const;
  const shift = (row: 0 | 3 | 6) => -((rows[row] ?? 0) * d + (rows[row + 1] ?? 0) * h + (rows[row + 2] ?? 0) * l);
  return [
    rows[0],
    rows[1],
    rows[2],
    shift(0),
    rows[3],
    rows[4],
    rows[5],
    shift(3),
    rows[6],
    rows[7],
    rows[8],
    shift(6),
  ];
}

/** The image of one step along axis 0, 1 or 2, without the shift. */
export function column(matrix: Matrix, axis: 0 | 1 | 2): Vector {
  return [matrix[axis], matrix[axis + 4] ?? 0, matrix[axis + 8] ?? 0];
}

/** The image of the origin. */
export function shiftOf(matrix: Matrix): Vector {
  return [matrix[3], matrix[7], matrix[11]];
}

/** The matrix whose columns are three directions and a shift. */
export function fromColumns(first: Vector, second: Vector, third: Vector, shift: Vector): Matrix {
  return [
    first[0],
    second[0],
    third[0],
    shift[0],
    first[1],
    second[1],
    third[1],
    shift[1],
    first[2],
    second[2],
    third[2],
    shift[2],
  ];
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function length(a: Vector): number {
  return Math.hypot(a[0], a[1], a[2]);
}

export function scaled(a: Vector, factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

export function plus(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}
