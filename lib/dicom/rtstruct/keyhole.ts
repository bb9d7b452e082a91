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
  const left = [...holes];
  while (left.length > 0) {
    // The nearest hole first: its channel cannot run through another one.
    const ways = left.map((hole, index) => ({ index, hole, ...nearest(joined, hole) }));
    const next = ways.reduce((a, b) => (b.distance < a.distance ? b : a));
    joined = joinAt(joined, next.from, next.hole, next.to);
    left.splice(next.index, 1);
  }
  return joined;
}

/** Offsets of the nearest points of two outlines. */
function nearest(a: Outline, b: Outline): { from: number; to: number; distance: number } {
  let best = { from: 0, to: 0, distance: Number.POSITIVE_INFINITY };
  for (let from = 0; from < a.length; from += 3) {
    const [x, y, z] = [a[from] ?? 0, a[from + 1] ?? 0, a[from + 2] ?? 0];
    for (let to = 0; to < b.length; to += 3) {
      const [dx, dy, dz] = [(b[to] ?? 0) - x, (b[to + 1] ?? 0) - y, (b[to + 2] ?? 0) - z];
      const distance = dx * dx + dy * dy + dz * dz;
      if (distance < best.distance) best = { from, to, distance };
    }
  }
  return best;
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
