import type { Vector } from './volume.ts';
import type { Scalar } from './volume-noise.ts';

/** How far a place is from a surface, about, in mm: negative inside. */
export type Shape = Scalar;

export function ellipsoid([cx, cy, cz]: Vector, [rx, ry, rz]: Vector): Shape {
  return (x, y, z) => {
    const u = (x - cx) / rx;
    const v = (y - cy) / ry;
    const w = (z - cz) / rz;
    // Math.hypot is ten times slower.
    const reach = Math.sqrt(u * u + v * v + w * w);
    const slope = Math.sqrt((u / rx) ** 2 + (v / ry) ** 2 + (w / rz) ** 2);
    return slope < 1e-9 ? -Math.min(rx, ry, rz) : (reach * (reach - 1)) / slope;
  };
}

/** A tube from `from` to `to`, its radius going over from one end's to the other's, with round ends. */
export function capsule(from: Vector, to: Vector, radius: number, lastRadius = radius): Shape {
  const [ax, ay, az] = from;
  const [dx, dy, dz] = [to[0] - ax, to[1] - ay, to[2] - az];
  const squared = dx * dx + dy * dy + dz * dz;
  return (x, y, z) => {
    const along = ((x - ax) * dx + (y - ay) * dy + (z - az) * dz) / squared;
    const t = Math.min(Math.max(along, 0), 1);
    const away = Math.sqrt((x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2 + (z - az - t * dz) ** 2);
    return away - radius - (lastRadius - radius) * t;
  };
}

/** What is in any of the shapes. */
export function union(...shapes: Shape[]): Shape {
  return (x, y, z) => {
    let nearest = Number.POSITIVE_INFINITY;
    for (const shape of shapes) nearest = Math.min(nearest, shape(x, y, z));
    return nearest;
  };
}

/** The smaller of two distances, with a fillet of about `radius` mm where they meet. */
export function blend(a: number, b: number, radius: number): number {
  const share = Math.max(radius - Math.abs(a - b), 0) / radius;
  return Math.min(a, b) - (share * share * radius) / 4;
}
