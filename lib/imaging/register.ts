import { apply, compose, length, type Matrix, minus, scaled, type Vector } from './affine.ts';
import { similarityOf } from './mutual-information.ts';
import { resample, respaced } from './resample3d.ts';
import { cornersOf, type Grid, spacingOf, toWorld, type Volume3D } from './volume.ts';

/** What a registration found. */
export interface Registration {
  /** Position in the fixed volume (LPS, mm) → position in the moving one, rigid: what `resample` takes. */
  readonly transform: Matrix;
  /** Normalised mutual information there, 1 (nothing in common) to 2 (one tells the other). */
  readonly similarity: number;
  /** The same where both were as they came. */
  readonly before: number;
}

/** Spacings from coarse to fine, mm: what far moves need, then what near ones do. */
const LEVELS = [8, 4, 2.5] as const;
/** First steps of the search at each level: mm, and degrees. */
const STEPS = [
  { mm: 8, degrees: 6 },
  { mm: 2, degrees: 1.5 },
  { mm: 0.5, degrees: 0.4 },
] as const;
/** The part of the first steps at which the search ends. */
const SMALLEST_STEP = 1 / 30;
/** Of similarity in a round; with less the steps are halved. */
const ENOUGH_GAIN = 1e-6;

/**
 * Finds the rigid move that brings the moving volume onto the fixed one, by the normalised mutual information of their
 * values, so that they may be of different contrast. From coarse to fine; the same volumes give the same move.
 *
 * @param options.centres begin with the middles of both volumes on each other, for volumes whose coordinates do not agree;
 *   else with the coordinates as they are
 * @source Studholme, Hill, Hawkes 1999, An overlap invariant entropy measure of 3D medical image alignment
 */
export function registerRigid(
  fixed: Volume3D,
  moving: Volume3D,
  options: { readonly centres?: boolean } = {},
): Registration {
  const pivot = middleOf(fixed.grid);
  const start: Vector = options.centres === true ? minus(middleOf(moving.grid), pivot) : [0, 0, 0];
  let parameters: readonly number[] = [0, 0, 0, ...start];
  let [similarity, before] = [1, 1];
  LEVELS.forEach((spacing, level) => {
    const measure = similarityOf(coarse(fixed, spacing), coarse(moving, spacing));
    const step = STEPS[level] ?? STEPS[0];
    const radians = (step.degrees * Math.PI) / 180;
    const cost = (tried: readonly number[]) => -measure(rigid(tried, pivot));
    before = -cost([0, 0, 0, 0, 0, 0]);
    const found = descend(cost, parameters, [radians, radians, radians, step.mm, step.mm, step.mm]);
    parameters = found.parameters;
    similarity = -found.cost;
  });
  return { transform: rigid(parameters, pivot), similarity, before };
}

/** How far a transform moves the corner of a grid that it moves most, in mm. */
export function farthestMove(grid: Grid, transform: Matrix): number {
  return Math.max(...cornersOf(grid).map((corner) => length(minus(apply(transform, ...corner), corner))));
}

/** Turns about x, then y, then z (radians) around a point, then shifts (mm). */
export function rigid(parameters: readonly number[], pivot: Vector): Matrix {
  const [a = 0, b = 0, c = 0, x = 0, y = 0, z = 0] = parameters;
  const [sa, ca, sb, cb, sc, cc] = [Math.sin(a), Math.cos(a), Math.sin(b), Math.cos(b), Math.sin(c), Math.cos(c)];
  const turn: Matrix = [
    cc * cb,
    cc * sb * sa - sc * ca,
    cc * sb * ca + sc * sa,
    0,
    sc * cb,
    sc * sb * sa + cc * ca,
    sc * sb * ca - cc * sa,
    0,
    -sb,
    cb * sa,
    cb * ca,
    0,
  ];
  return compose(shift([pivot[0] + x, pivot[1] + y, pivot[2] + z]), compose(turn, shift(scaled(pivot, -1))));
}

function shift([x, y, z]: Vector): Matrix {
  return [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z];
}

function middleOf(grid: Grid): Vector {
  return toWorld(grid, (grid.size[0] - 1) / 2, (grid.size[1] - 1) / 2, (grid.size[2] - 1) / 2);
}

/** No coarser than it is along an axis whose spacing is wider anyway. */
function coarse(volume: Volume3D, spacing: number): Volume3D<Float32Array> {
  const own = spacingOf(volume.grid);
  const at = (axis: 0 | 1 | 2) => Math.max(spacing, own[axis]);
  return resample(volume, respaced(volume.grid, [at(0), at(1), at(2)]));
}

/**
 * Takes the least cost along one parameter after another, at the bottom of a parabola through three tries, and goes on the
 * way of the whole round while that helps; halves the steps where a round gains nothing, down to a thirtieth.
 *
 * @source Hooke, Jeeves 1961, "Direct search" solution of numerical and statistical problems
 */
function descend(
  cost: (parameters: readonly number[]) => number,
  start: readonly number[],
  firstSteps: readonly number[],
): Point {
  let best: Point = { parameters: start, cost: cost(start) };
  for (let scale = 1; scale > SMALLEST_STEP; ) {
    const before = best;
    best = firstSteps.reduce((point, step, index) => along(cost, point, index, step * scale), best);
    for (let ahead = beyond(cost, before, best); ahead.cost < best.cost; ahead = beyond(cost, before, best))
      best = ahead;
    if (before.cost - best.cost < ENOUGH_GAIN) scale /= 2;
  }
  return best;
}

interface Point {
  readonly parameters: readonly number[];
  readonly cost: number;
}

/** The best of a point, its neighbours along one parameter, and the bottom of the parabola through the three. */
function along(cost: (parameters: readonly number[]) => number, point: Point, index: number, step: number): Point {
  const at = (by: number): Point => {
    const parameters = point.parameters.with(index, (point.parameters[index] ?? 0) + by);
    return { parameters, cost: cost(parameters) };
  };
  const [less, more] = [at(-step), at(step)];
  const bend = less.cost + more.cost - 2 * point.cost;
  const bottom = bend > 0 ? [at(Math.max(-step, Math.min(step, (step * (less.cost - more.cost)) / (2 * bend))))] : [];
  return [less, more, ...bottom].reduce((best, one) => (one.cost < best.cost ? one : best), point);
}

/** As far again as from `before` to `now`. */
function beyond(cost: (parameters: readonly number[]) => number, before: Point, now: Point): Point {
  const parameters = now.parameters.map((value, index) => 2 * value - (before.parameters[index] ?? 0));
  return { parameters, cost: cost(parameters) };
}
