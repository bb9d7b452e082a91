import { apply, compose, invert, type Point, scaleOf, type Transform } from './geometry.ts';

/** A point of a tube's axis: x, y, radius, thickness of the shell, all in mm. */
export type TubePoint = readonly [x: number, y: number, radius: number, shell?: number];

/** Attenuation per mm, over that of the soft tissue that the thing displaces: of its shell and of what the shell holds. */
export interface Material {
  shell: number;
  inner: number;
}

/** Keeps the part of a shape on one side of a jagged line, in the shape's own mm: n·(p − at) > depth·zigzag. */
export interface Cut {
  at: Point;
  /** Unit vector that points into what is kept. */
  normal: Point;
  /** Height and length of the teeth in mm. */
  jag: number;
  period: number;
}

/** A point of an axis and where it falls in the image. */
interface PlacedPoint {
  at: Point;
  point: TubePoint;
}

/** Planes (through a segment's ends, in pixels) that part it from the segments before and after. */
interface Joints {
  start?: Point;
  end?: Point;
}

/** Where the mm of a scene fall in the image: `toPixel` takes mm to columns and rows (pixel centres at n + 0.5). */
export interface View {
  columns: number;
  rows: number;
  toPixel: Transform;
}

/**
 * The line integrals of attenuation of a scene, by parallel projection: what a shape adds to a pixel is its thickness
 * along the ray times its attenuation. Shapes of one bone overlap (the largest counts); bones, tissue and metal add up.
 */
export class Projection {
  readonly view: View;
  /** Sum over tissue, gas and metal; no texture. */
  readonly smooth: Float32Array;
  /** Sum over bones; they get a trabecular texture. */
  readonly bone: Float32Array;
  private readonly scratch: Float32Array;
  private dirty = { x0: 0, y0: 0, x1: 0, y1: 0 };
  private placement: Transform;

  constructor(view: View) {
    this.view = view;
    this.placement = view.toPixel;
    this.smooth = new Float32Array(view.columns * view.rows);
    this.bone = new Float32Array(view.columns * view.rows);
    this.scratch = new Float32Array(view.columns * view.rows);
  }

  /** Adds one thing made of overlapping shapes, given in mm of `place`; `draw` calls `tube` and `plate`. */
  add(field: 'smooth' | 'bone', place: Transform, draw: (shapes: this) => void): void {
    this.placement = compose(this.view.toPixel, place);
    this.dirty = { x0: this.view.columns, y0: this.view.rows, x1: 0, y1: 0 };
    draw(this);
    const target = field === 'bone' ? this.bone : this.smooth;
    for (let y = this.dirty.y0; y < this.dirty.y1; y++) {
      for (let i = y * this.view.columns + this.dirty.x0; i < y * this.view.columns + this.dirty.x1; i++) {
        target[i] = (target[i] ?? 0) + (this.scratch[i] ?? 0);
        this.scratch[i] = 0;
      }
    }
  }

  /** A body swept by a sphere of changing radius along an axis (mitred at its bends); one point alone is a sphere. */
  tube(axis: readonly TubePoint[], material: Material, cut?: Cut): void {
    const points = axis.map((point) => ({ at: apply(this.placement, [point[0], point[1]]), point }));
    const [first] = points;
    if (points.length === 1 && first !== undefined) this.segment(first, first, {}, material, cut);
    for (let i = 1; i < points.length; i++) {
      const [before, from, to, after] = [points[i - 2], points[i - 1], points[i], points[i + 1]];
      if (from === undefined || to === undefined) continue;
      const joints: Joints = {};
      if (before !== undefined) joints.start = bisector(before.at, from.at, to.at);
      if (after !== undefined) joints.end = bisector(from.at, to.at, after.at);
      this.segment(from, to, joints, material, cut);
    }
  }

  private segment(from: PlacedPoint, to: PlacedPoint, joints: Joints, material: Material, cut: Cut | undefined): void {
    const scale = scaleOf(this.placement);
    const [ax, ay] = from.at;
    const [bx, by] = to.at;
    const ra = from.point[2] * scale;
    const dr = to.point[2] * scale - ra;
    const sa = (from.point[3] ?? 0) * scale;
    const ds = (to.point[3] ?? 0) * scale - sa;
    const [dx, dy] = [bx - ax, by - ay];
    const along = dx * dx + dy * dy;
    const reach = Math.max(ra, ra + dr);
    const { start, end } = joints;
    const inside = cut === undefined ? undefined : cutter(cut, this.placement);
    const box = this.bounds(
      [Math.min(ax, bx) - reach, Math.min(ay, by) - reach],
      [Math.max(ax, bx) + reach, Math.max(ay, by) + reach],
    );
    for (let y = box.y0; y < box.y1; y++) {
      const py = y + 0.5 - ay;
      for (let x = box.x0; x < box.x1; x++) {
        const px = x + 0.5 - ax;
        if (start !== undefined && px * start[0] + py * start[1] < 0) continue;
        if (end !== undefined && (px - dx) * end[0] + (py - dy) * end[1] >= 0) continue;
        let t = along === 0 ? 0 : (px * dx + py * dy) / along;
        if (t < 0 && start === undefined) t = 0;
        if (t > 1 && end === undefined) t = 1;
        const r = ra + t * dr;
        const ex = px - t * dx;
        const ey = py - t * dy;
        const left = r * r - ex * ex - ey * ey;
        if (left <= 0) continue;
        if (inside !== undefined && !inside(x + 0.5, y + 0.5)) continue;
        const core = r - (sa + t * ds);
        const hollow = core > 0 ? left - r * r + core * core : 0;
        const inner = hollow > 0 ? 2 * Math.sqrt(hollow) : 0;
        const value = (2 * Math.sqrt(left) - inner) * material.shell + inner * material.inner;
        this.raise(y * this.view.columns + x, value / scale);
      }
    }
  }

  /**
   * A flat body with a rounded edge: `thickness` mm deep once `edge` mm inside the outline, with a shell of `shell` mm
   * that shows bright along the outline.
   */
  plate(
    outline: readonly Point[],
    form: { thickness: number; edge: number; shell: number },
    material: Material,
    cut?: Cut,
  ): void {
    const place = this.placement;
    const scale = scaleOf(place);
    const corners = outline.map((point) => apply(place, point));
    const xs = corners.map((corner) => corner[0]);
    const ys = corners.map((corner) => corner[1]);
    const box = this.bounds([Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]);
    const inside = cut === undefined ? undefined : cutter(cut, place);
    const edges = edgesOf(corners);
    for (let y = box.y0; y < box.y1; y++) {
      for (const [from, to] of spans(edges, y + 0.5)) {
        for (let x = Math.max(box.x0, Math.ceil(from - 0.5)); x < Math.min(box.x1, to - 0.5); x++) {
          if (inside !== undefined && !inside(x + 0.5, y + 0.5)) continue;
          const depth = distanceTo(edges, x + 0.5, y + 0.5) / scale;
          const full = form.thickness * rounded(depth / form.edge);
          const inner = Math.max(0, (form.thickness - 2 * form.shell) * rounded((depth - form.shell) / form.edge));
          this.raise(y * this.view.columns + x, (full - inner) * material.shell + inner * material.inner);
        }
      }
    }
  }

  private raise(index: number, value: number): void {
    const held = this.scratch[index] ?? 0;
    if (held === 0 || Math.abs(value) > Math.abs(held)) this.scratch[index] = value;
  }

  private bounds([x0, y0]: Point, [x1, y1]: Point): { x0: number; y0: number; x1: number; y1: number } {
    const box = {
      x0: Math.max(0, Math.floor(x0)),
      y0: Math.max(0, Math.floor(y0)),
      x1: Math.min(this.view.columns, Math.ceil(x1)),
      y1: Math.min(this.view.rows, Math.ceil(y1)),
    };
    if (box.x1 <= box.x0 || box.y1 <= box.y0) return { x0: 0, y0: 0, x1: 0, y1: 0 };
    this.dirty.x0 = Math.min(this.dirty.x0, box.x0);
    this.dirty.y0 = Math.min(this.dirty.y0, box.y0);
    this.dirty.x1 = Math.max(this.dirty.x1, box.x1);
    this.dirty.y1 = Math.max(this.dirty.y1, box.y1);
    return box;
  }
}

/** A quarter of an ellipse: 0 at the edge, 1 from one `edge` width inside. */
function rounded(depth: number): number {
  if (depth <= 0) return 0;
  if (depth >= 1) return 1;
  return Math.sqrt(depth * (2 - depth));
}

/** The normal of the plane that halves the bend at `at`, along the way from `before` to `after`. */
function bisector(before: Point, at: Point, after: Point): Point {
  const into = Math.hypot(at[0] - before[0], at[1] - before[1]);
  const out = Math.hypot(after[0] - at[0], after[1] - at[1]);
  return [(at[0] - before[0]) / into + (after[0] - at[0]) / out, (at[1] - before[1]) / into + (after[1] - at[1]) / out];
}

function cutter(cut: Cut, place: Transform): (x: number, y: number) => boolean {
  const { a, b, c, d, e, f } = invert(place);
  const [atX, atY] = cut.at;
  const [nx, ny] = cut.normal;
  return (x, y) => {
    const lx = a * x + c * y + e - atX;
    const ly = b * x + d * y + f - atY;
    const across = lx * nx + ly * ny;
    const along = (ly * nx - lx * ny) / cut.period;
    const tooth = Math.abs(along - Math.floor(along) - 0.5) * 2 + 0.5 * Math.sin(along * 2.3);
    return across > cut.jag * (tooth - 0.5);
  };
}

/** The edges of a closed outline, four numbers each: start and direction. */
function edgesOf(corners: readonly Point[]): Float64Array {
  return Float64Array.from(
    corners.flatMap(([x, y], i) => {
      const [nx, ny] = corners[(i + 1) % corners.length] ?? [x, y];
      return [x, y, nx - x, ny - y];
    }),
  );
}

/** Where the line at height y runs inside the outline (even-odd rule): from, to in pairs. */
function spans(edges: Float64Array, y: number): [from: number, to: number][] {
  const crossings: number[] = [];
  for (let i = 0; i < edges.length; i += 4) {
    const y0 = edges[i + 1] ?? 0;
    const dy = edges[i + 3] ?? 0;
    if (y0 > y !== y0 + dy > y) crossings.push((edges[i] ?? 0) + ((edges[i + 2] ?? 0) * (y - y0)) / dy);
  }
  crossings.sort((a, b) => a - b);
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < crossings.length; i += 2) pairs.push([crossings[i] ?? 0, crossings[i + 1] ?? 0]);
  return pairs;
}

/** Distance of a point from the nearest edge; same unit as the edges. */
function distanceTo(edges: Float64Array, x: number, y: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < edges.length; i += 4) {
    const px = x - (edges[i] ?? 0);
    const py = y - (edges[i + 1] ?? 0);
    const dx = edges[i + 2] ?? 0;
    const dy = edges[i + 3] ?? 0;
    const t = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy)));
    const ex = px - t * dx;
    const ey = py - t * dy;
    const square = ex * ex + ey * ey;
    if (square < nearest) nearest = square;
  }
  return Math.sqrt(nearest);
}
