/**
 * Outlines of masks and back. An outline runs along the edges of pixels, so that it encloses just the pixels it was made of
 * and as much area as they have; pixel (i, j) is the square around its centre, from −½ to ½.
 */
import { apply, invert, matrixOf } from './affine.ts';
import type { Grid, Volume3D } from './volume.ts';

/** A closed outline in pixel indices of one slice: i, j, i, j …, the first point not repeated. */
export type Ring = readonly number[];

/** An area and what is cut out of it. Rings of holes touch the outer ring, and each other, at corners at most. */
export interface Polygon {
  readonly outer: Ring;
  readonly holes: readonly Ring[];
}

/** A closed outline in the patient: x, y, z, x, y, z … (LPS, mm), as ContourData has it. */
export type PatientRing = readonly number[];

/**
 * The polygons of one label in slice `k`, in order of memory. Pixels that touch at a corner only are apart.
 *
 * @param label value of the mask's voxels that count
 */
export function polygonsOf({ grid, values }: Volume3D<Uint8Array>, k: number, label = 1): Polygon[] {
  const [columns, rows] = grid.size;
  const slice = values.subarray(k * columns * rows, (k + 1) * columns * rows);
  const rings = traceRings(slice, columns, rows, label);
  const outers = rings.filter((ring) => areaOf(ring) > 0).map((outer) => ({ outer, holes: [] as Ring[] }));
  for (const hole of rings.filter((ring) => areaOf(ring) < 0)) {
    // A pixel of the hole lies inside its outer ring and inside no smaller one.
    const around = outers
      .filter(({ outer }) => areaOf(outer) > -areaOf(hole) && isInside(outer, pixelIn(hole)))
      .sort((a, b) => areaOf(a.outer) - areaOf(b.outer));
    around[0]?.holes.push(hole);
  }
  return outers;
}

/** The ring in the patient. */
export function toPatient({ affine }: Grid, k: number, ring: Ring): PatientRing {
  const matrix = matrixOf(affine);
  const out: number[] = [];
  for (let at = 0; at < ring.length; at += 2) out.push(...apply(matrix, ring[at] ?? 0, ring[at + 1] ?? 0, k));
  return out;
}

/** The ring in pixel indices, and the slice that it lies in: the mean of its points, which may fall between slices. */
export function fromPatient({ affine }: Grid, points: PatientRing): { readonly k: number; readonly ring: Ring } {
  const matrix = invert(matrixOf(affine));
  const ring: number[] = [];
  let sum = 0;
  for (let at = 0; at < points.length; at += 3) {
    const [i, j, k] = apply(matrix, points[at] ?? 0, points[at + 1] ?? 0, points[at + 2] ?? 0);
    ring.push(i, j);
    sum += k;
  }
  return { k: points.length === 0 ? 0 : (3 * sum) / points.length, ring };
}

/**
 * Fills the pixels whose centres lie inside an odd number of rings, so that a ring within another is a hole.
 *
 * @param slice `columns × rows` pixels, row by row; written into
 */
export function fillRings(slice: Uint8Array, columns: number, rings: readonly Ring[], label = 1): void {
  const rows = Math.floor(slice.length / columns);
  const crossings: number[][] = Array.from({ length: rows }, () => []);
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at += 2) {
      const next = (at + 2) % ring.length;
      crossRows(crossings, ring[at] ?? 0, ring[at + 1] ?? 0, ring[next] ?? 0, ring[next + 1] ?? 0);
    }
  }
  crossings.forEach((row, j) => {
    row.sort((a, b) => a - b);
    for (let at = 0; at + 1 < row.length; at += 2) {
      const from = Math.max(0, Math.ceil(row[at] ?? 0));
      const to = Math.min(columns, Math.ceil(row[at + 1] ?? 0));
      if (to > from) slice.fill(label, j * columns + from, j * columns + to);
    }
  });
}

/**
 * Sets the pixels whose middles lie on a ring: `fillRings` takes those of two of its sides only. For rings that run through
 * the outermost pixels of a structure instead of around them, as OHIF draws them.
 */
export function coverRings(slice: Uint8Array, columns: number, rings: readonly Ring[], label = 1): void {
  const rows = Math.floor(slice.length / columns);
  const set = (i: number, j: number) => {
    if (i >= 0 && j >= 0 && i < columns && j < rows) slice[j * columns + i] = label;
  };
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at += 2) {
      const next = (at + 2) % ring.length;
      coverEdge(set, ring[at] ?? 0, ring[at + 1] ?? 0, ring[next] ?? 0, ring[next + 1] ?? 0);
    }
  }
}

/** What is nearer to a line than this is on it, pixels. */
const ON_LINE = 1e-3;

function coverEdge(set: (i: number, j: number) => void, x0: number, y0: number, x1: number, y1: number): void {
  const isLevel = Math.abs(y1 - y0) < ON_LINE;
  for (let j = Math.ceil(Math.min(y0, y1) - ON_LINE); j <= Math.max(y0, y1) + ON_LINE; j++) {
    const part = isLevel ? 0 : Math.min(1, Math.max(0, (j - y0) / (y1 - y0)));
    const [from, to] = isLevel ? [Math.min(x0, x1), Math.max(x0, x1)] : [x0 + part * (x1 - x0), x0 + part * (x1 - x0)];
    for (let i = Math.ceil(from - ON_LINE); i <= to + ON_LINE; i++) set(i, j);
  }
}

/** Where an edge crosses the middles of rows; its lower end counts, its upper does not. */
function crossRows(crossings: readonly number[][], x0: number, y0: number, x1: number, y1: number): void {
  if (y0 === y1) return;
  const [low, high] = [Math.min(y0, y1), Math.max(y0, y1)];
  const last = Math.min(crossings.length - 1, Math.ceil(high) - 1);
  for (let j = Math.max(0, Math.ceil(low)); j <= last; j++) {
    crossings[j]?.push(x0 + ((j - y0) * (x1 - x0)) / (y1 - y0));
  }
}

/** Steps along the edges of pixels, each a turn to the right of the one before: right, down, left, up. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;
type Way = 0 | 1 | 2 | 3;
const RIGHT = 0;
const LEFT = 2;

/** A picture to be traced, and which of its pixels' top and bottom edges a ring has taken. */
interface Tracing {
  readonly isIn: (i: number, j: number) => boolean;
  readonly columns: number;
  readonly tops: Uint8Array;
  readonly bottoms: Uint8Array;
}

/** All rings along the border of the label; outer ones have a positive area, holes a negative. */
function traceRings(slice: Uint8Array, columns: number, rows: number, label: number): number[][] {
  const isIn = (i: number, j: number) =>
    i >= 0 && j >= 0 && i < columns && j < rows && slice[j * columns + i] === label;
  const tracing = { isIn, columns, tops: new Uint8Array(slice.length), bottoms: new Uint8Array(slice.length) };
  const rings: number[][] = [];
  for (let j = 0, at = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++, at++) {
      if (slice[at] !== label) continue;
      if (tracing.tops[at] === 0 && !isIn(i, j - 1)) rings.push(follow(tracing, i, j, RIGHT));
      if (tracing.bottoms[at] === 0 && !isIn(i, j + 1)) rings.push(follow(tracing, i + 1, j + 1, LEFT));
    }
  }
  return rings;
}

/** Follows a border with the foreground at the right hand, from corner (x, y), the top left of pixel (x, y), and keeps the corners where it turns. */
function follow({ isIn, columns, tops, bottoms }: Tracing, startX: number, startY: number, startWay: Way): number[] {
  const ring: number[] = [];
  let [x, y, way] = [startX, startY, startWay];
  do {
    if (way === RIGHT) tops[y * columns + x] = 1;
    if (way === LEFT) bottoms[(y - 1) * columns + x - 1] = 1;
    const [dx, dy] = STEPS[way];
    x += dx;
    y += dy;
    const next = turn(isIn, x, y, way);
    if (next !== way) ring.push(x - 0.5, y - 0.5);
    way = next;
  } while (x !== startX || y !== startY || way !== startWay);
  return ring;
}

/** The way on: the pixel ahead at the right hand is in, the one at the left hand out. Where only the left one is in, right. */
function turn(isIn: Tracing['isIn'], x: number, y: number, way: Way): Way {
  const [dx, dy] = STEPS[way];
  const [right, left] = [
    [dx - dy, dy + dx],
    [dx + dy, dy - dx],
  ] as const;
  const ahead = ([toX, toY]: readonly [number, number]) => isIn(toX > 0 ? x : x - 1, toY > 0 ? y : y - 1);
  if (!ahead(right)) return turned(way, 1);
  return ahead(left) ? turned(way, -1) : way;
}

function turned(way: Way, by: 1 | -1): Way {
  const ways = by === 1 ? ([1, 2, 3, 0] as const) : ([3, 0, 1, 2] as const);
  return ways[way];
}

/** Signed area in pixels: positive where the ring runs clockwise in a picture. */
function areaOf(ring: Ring): number {
  let twice = 0;
  for (let at = 0; at < ring.length; at += 2) {
    const next = (at + 2) % ring.length;
    twice += (ring[at] ?? 0) * (ring[next + 1] ?? 0) - (ring[next] ?? 0) * (ring[at + 1] ?? 0);
  }
  return twice / 2;
}

/** The centre of a pixel inside a ring: the one below the middle of its topmost edge's first pixel. */
function pixelIn(ring: Ring): readonly [number, number] {
  let best = 0;
  for (let at = 0; at < ring.length; at += 2) {
    const isHigher = (ring[at + 1] ?? 0) < (ring[best + 1] ?? 0);
    const isLefter = ring[at + 1] === ring[best + 1] && (ring[at] ?? 0) < (ring[best] ?? 0);
    if (isHigher || isLefter) best = at;
  }
  return [(ring[best] ?? 0) + 0.5, (ring[best + 1] ?? 0) + 0.5];
}

function isInside(ring: Ring, [x, y]: readonly [number, number]): boolean {
  let inside = false;
  for (let at = 0; at < ring.length; at += 2) {
    const next = (at + 2) % ring.length;
    const [x0, y0, x1, y1] = [ring[at] ?? 0, ring[at + 1] ?? 0, ring[next] ?? 0, ring[next + 1] ?? 0];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) * (x1 - x0)) / (y1 - y0)) inside = !inside;
  }
  return inside;
}
