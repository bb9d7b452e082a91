/** A closed outline in the patient, x, y, z, x, y, z … (LPS, mm), the first point not repeated. */
export type Outline = readonly number[];

/** An area of one slice and what is cut out of it. */
export interface Area {
  readonly outer: Outline;
  readonly holes: readonly Outline[];
}

/**
 * One outline of an area with holes, by the keyhole technique (PS3.3 C.8.8.6.3): a channel of no width leads from the
 * outline to each hole, around it and back. The nearest points are joined, so that the channel crosses nothing.
 *
 * Holes as contours of their own (CLOSEDPLANAR_XOR, or CLOSED_PLANAR taken to mean it) would be simpler, but plastimatch
 * and others add contours up unless told otherwise, and the hole would be filled.
 */
export function keyhole({ outer, holes }: Area): number[] {
  let joined = [...outer];
  let ways = holes.map((hole) => ({ hole, ...nearest(outer, hole) }));
  while (ways.length > 0) {
    // The nearest hole first: its channel cannot run through another one.
    const next = ways.reduce((a, b) => (b.distance < a.distance ? b : a));
    joined = joinAt(joined, offsetOf(joined, next.from), next.hole, next.to);
    // Only what was joined now can be nearer to those that are left.
    ways = ways
      .filter((way) => way !== next)
      .map((way) => {
        const other = nearest(next.hole, way.hole);
        return other.distance < way.distance ? { hole: way.hole, ...other } : way;
      });
  }
  return joined;
}

type Point = readonly [number, number, number];

/** The nearest points of two outlines: of the first the point, of the second its offset. */
function nearest(a: Outline, b: Outline): { from: Point; to: number; distance: number } {
  let best = { from: 0, to: 0, distance: Number.POSITIVE_INFINITY };
  for (let from = 0; from < a.length; from += 3) {
    const [x, y, z] = pointAt(a, from);
    for (let to = 0; to < b.length; to += 3) {
      const dx = (b[to] ?? 0) - x;
      const dy = (b[to + 1] ?? 0) - y;
      const dz = (b[to + 2] ?? 0) - z;
      const distance = dx * dx + dy * dy + dz * dz;
      if (distance < best.distance) best = { from, to, distance };
    }
  }
  return { ...best, from: pointAt(a, best.from) };
}

function pointAt(outline: Outline, offset: number): Point {
  return [outline[offset] ?? 0, outline[offset + 1] ?? 0, outline[offset + 2] ?? 0];
}

function offsetOf(outline: Outline, [x, y, z]: Point): number {
  for (let at = 0; at < outline.length; at += 3) {
    if (outline[at] === x && outline[at + 1] === y && outline[at + 2] === z) return at;
  }
  return 0;
}

/** Along the outline to `from`, over to the hole at `to`, once around it, and back to `from`. */
function joinAt(outline: readonly number[], from: number, hole: Outline, to: number): number[] {
  return [
    ...outline.slice(0, from + 3),
    ...hole.slice(to),
    ...hole.slice(0, to + 3),
    ...outline.slice(from, from + 3),
    ...outline.slice(from + 3),
  ];
}
