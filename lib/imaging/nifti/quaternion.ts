import { column, type Matrix } from '../affine.ts';

/** The rotation of a unit quaternion whose first part is what the other three leave. */
export function rotationOf(b: number, c: number, d: number): Matrix {
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  return [
    a * a + b * b - c * c - d * d,
    2 * (b * c - a * d),
    2 * (b * d + a * c),
    0,
    2 * (b * c + a * d),
    a * a + c * c - b * b - d * d,
    2 * (c * d - a * b),
    0,
    2 * (b * d - a * c),
    2 * (c * d + a * b),
    a * a + d * d - b * b - c * c,
    0,
  ];
}

/** The unit quaternion of a rotation, its first part not negative. Source: nifti_mat44_to_quatern of nifti1_io.c. */
export function quaternionOf(rotation: Matrix): { b: number; c: number; d: number } {
  const [x, y, z] = [column(rotation, 0), column(rotation, 1), column(rotation, 2)];
  const [xx, yy, zz] = [x[0], y[1], z[2]];
  const norm = (b: number, c: number, d: number, a: number) => {
    const sign = a < 0 ? -1 : 1;
    return { b: b * sign, c: c * sign, d: d * sign };
  };
  if (xx + yy + zz > 0) {
    const a = Math.sqrt(1 + xx + yy + zz) / 2;
    return norm((y[2] - z[1]) / (4 * a), (z[0] - x[2]) / (4 * a), (x[1] - y[0]) / (4 * a), a);
  }
  if (xx >= yy && xx >= zz) {
    const b = Math.sqrt(Math.max(0, 1 + xx - yy - zz)) / 2;
    return norm(b, (y[0] + x[1]) / (4 * b), (z[0] + x[2]) / (4 * b), (y[2] - z[1]) / (4 * b));
  }
  if (yy >= zz) {
    const c = Math.sqrt(Math.max(0, 1 + yy - xx - zz)) / 2;
    return norm((y[0] + x[1]) / (4 * c), c, (z[1] + y[2]) / (4 * c), (z[0] - x[2]) / (4 * c));
  }
  const d = Math.sqrt(Math.max(0, 1 + zz - xx - yy)) / 2;
  return norm((z[0] + x[2]) / (4 * d), (z[1] + y[2]) / (4 * d), d, (x[1] - y[0]) / (4 * d));
}
