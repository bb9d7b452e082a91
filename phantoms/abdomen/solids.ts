import type { Vector } from '../volume.ts';
import { blend, capsule, type Shape } from '../volume-shapes.ts';
import type { Tissue } from './tissue.ts';

/** A body with what it is made of. `box` bounds it: [x0, y0, z0, x1, y1, z1]. */
export interface Solid {
  tissue: Tissue;
  field: Shape;
  box: readonly [number, number, number, number, number, number];
}

export function ellipsoid(tissue: Tissue, centre: Vector, radii: Vector): Solid {
  return { tissue, field: ellipsoidField(centre, radii), box: around(centre, radii) };
}

export function ellipsoidField([cx, cy, cz]: Vector, [rx, ry, rz]: Vector): Shape {
  const mean = (rx + ry + rz) / 3;
  return (x, y, z) => {
    const u = (x - cx) / rx;
    const v = (y - cy) / ry;
    const w = (z - cz) / rz;
    return (Math.sqrt(u * u + v * v + w * w) - 1) * mean;
  };
}

/** A tube through points, each with its own radius in mm. */
export function tube(
  tissue: Tissue,
  points: readonly (readonly [x: number, y: number, z: number, r: number])[],
): Solid {
  const parts = points.slice(1).map(([x, y, z, r], i) => {
    const [fromX, fromY, fromZ, fromR] = points[i] ?? [x, y, z, r];
    return capsule([fromX, fromY, fromZ], [x, y, z], fromR, r);
  });
  const most = Math.max(...points.map(([, , , r]) => r));
  const low = [0, 1, 2].map((axis) => Math.min(...points.map((point) => point[axis] ?? 0)) - most);
  const high = [0, 1, 2].map((axis) => Math.max(...points.map((point) => point[axis] ?? 0)) + most);
  return {
    tissue,
    field: (x, y, z) => {
      let nearest = Number.POSITIVE_INFINITY;
      for (const part of parts) nearest = Math.min(nearest, part(x, y, z));
      return nearest;
    },
    box: [low[0] ?? 0, low[1] ?? 0, low[2] ?? 0, high[0] ?? 0, high[1] ?? 0, high[2] ?? 0],
  };
}

/** The greater of two distances (an intersection), with a fillet of about `radius` mm where they meet. */
export function blendMax(a: number, b: number, radius: number): number {
  return -blend(-a, -b, radius);
}

export function around([x, y, z]: Vector, [rx, ry, rz]: Vector): Solid['box'] {
  return [x - rx, y - ry, z - rz, x + rx, y + ry, z + rz];
}
