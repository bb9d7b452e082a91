import type { Matrix } from './affine.ts';
import type { Grid, Volume3D } from './volume.ts';

/** How far beyond half a voxel a centre may lie and still count as inside: rounding. */
const ROUNDING = 1e-4;

/**
 * Trilinear values at the points that `map` takes target indices to, in source indices; the outermost half voxel has the
 * value of its nearest centre.
 */
export function obliquely({ grid, values }: Volume3D, size: Grid['size'], map: Matrix, outside: number): Float32Array {
  const [nx, ny, nz] = grid.size;
  const [columns, rows, slices] = size;
  const [dx, , , , dy, , , , dz] = map;
  const out = new Float32Array(columns * rows * slices);
  const plane = nx * ny;
  const [mx, my, mz] = [nx - 1, ny - 1, nz - 1];
  const edge = 0.5 + ROUNDING;
  for (let k = 0, at = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      const x0 = map[1] * j + map[2] * k + map[3];
      const y0 = map[5] * j + map[6] * k + map[7];
      const z0 = map[9] * j + map[10] * k + map[11];
      for (let i = 0; i < columns; i++, at++) {
        const x = x0 + dx * i;
        const y = y0 + dy * i;
        const z = z0 + dz * i;
        if (!(x >= -edge && x <= mx + edge && y >= -edge && y <= my + edge && z >= -edge && z <= mz + edge)) {
          out[at] = outside;
          continue;
        }
        const cx = Math.min(Math.max(x, 0), mx);
        const cy = Math.min(Math.max(y, 0), my);
        const cz = Math.min(Math.max(z, 0), mz);
        const ix = cx | 0;
        const iy = cy | 0;
        const iz = cz | 0;
        const fx = cx - ix;
        const fy = cy - iy;
        const fz = cz - iz;
        const a = ix + nx * iy + plane * iz;
        const right = ix < mx ? 1 : 0;
        const down = iy < my ? nx : 0;
        const deep = iz < mz ? plane : 0;
        const b = a + deep;
        const v00 = (values[a] ?? 0) * (1 - fx) + (values[a + right] ?? 0) * fx;
        const v10 = (values[a + down] ?? 0) * (1 - fx) + (values[a + down + right] ?? 0) * fx;
        const v01 = (values[b] ?? 0) * (1 - fx) + (values[b + right] ?? 0) * fx;
        const v11 = (values[b + down] ?? 0) * (1 - fx) + (values[b + down + right] ?? 0) * fx;
        out[at] = (v00 * (1 - fy) + v10 * fy) * (1 - fz) + (v01 * (1 - fy) + v11 * fy) * fz;
      }
    }
  }
  return out;
}
