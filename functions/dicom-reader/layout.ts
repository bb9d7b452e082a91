import { dot, fromColumns, length, minus, plus, scaled, type Vector } from '../../lib/imaging/affine.ts';
import type { Grid } from '../../schemas/volume.ts';
import { type Frame, NoSliceError } from './frame.ts';
import { normalOf, placesOf } from './stacks.ts';

/** How far a slice may lie from its place in an even row: this part of the distance, or what rounding in headers leaves. */
const UNEVEN = 0.05;
const ROUNDING_MM = 0.06;
/** Slices whose centres lie on a line that is further than this from perpendicular are sheared: a tilted gantry, degrees. */
const TILT_DEG = 0.1;

/** Where the images of a stack come to lie. */
export interface Layout {
  /** With the slices as they are: for a tilted gantry its k axis is not perpendicular. */
  readonly grid: Grid;
  /** For each k the image there; more than one where images are doubled. */
  readonly places: readonly (readonly [Frame, ...Frame[]])[];
  /** Between the way from slice to slice and the images' normal, degrees; 0 where they agree. */
  readonly tiltDeg: number;
  readonly notes: readonly string[];
}

/**
 * Puts the images of a stack in order along their normal, so that i, j and k are right-handed. The distance of slices is
 * that of their positions, never SliceThickness, save for a single slice, which has no neighbour.
 *
 * @throws {NoSliceError} slices are missing, or lie unevenly or not on a line
 */
export function layOut(frames: readonly Frame[]): Layout {
  const places = placesOf(frames).flatMap(([first, ...doubles]) =>
    first === undefined ? [] : [[first, ...doubles] as const],
  );
  const [first, last] = [places[0]?.[0], places.at(-1)?.[0]];
  if (first === undefined || last === undefined) throw new NoSliceError('There is no image to read.');
  const normal = normalOf(first);
  const notes: string[] = [];
  const step = places.length === 1 ? scaled(normal, ownThickness(first, notes)) : stepOf(first, last, places.length);
  places.forEach(([frame], k) => {
    const off = minus(frame.position, plus(first.position, scaled(step, k)));
    const tolerance = Math.max(ROUNDING_MM, UNEVEN * length(step));
    if (Math.abs(dot(off, normal)) > tolerance) throw unevenly(places, normal);
    if (length(off) > tolerance) throw new NoSliceError('The slices do not lie one behind the other on a line.');
  });
  const affine = fromColumns(
    scaled(first.along, first.spacing[0]),
    scaled(first.down, first.spacing[1]),
    step,
    first.position,
  );
  const cosine = Math.min(1, dot(step, normal) / length(step));
  const angle = (Math.acos(cosine) * 180) / Math.PI;
  return {
    grid: { size: [first.columns, first.rows, places.length], affine: [...affine] },
    places,
    tiltDeg: angle > TILT_DEG ? angle : 0,
    notes,
  };
}

function stepOf(first: Frame, last: Frame, count: number): Vector {
  return scaled(minus(last.position, first.position), 1 / (count - 1));
}

function ownThickness({ thickness }: Frame, notes: string[]): number {
  if (thickness === null || !(thickness > 0)) {
    throw new NoSliceError('The series has one slice, which does not say how thick it is.');
  }
  notes.push('The series has one slice; its thickness is what the file says.');
  return thickness;
}

/** Says which slices are missing, or that the distances make no row. */
function unevenly(places: readonly (readonly [Frame, ...Frame[]])[], normal: Vector): NoSliceError {
  const heights = places.map(([{ position }]) => dot(position, normal));
  const gaps = heights.slice(1).map((height, at) => height - (heights[at] ?? 0));
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? 0;
  const isMultiple = (gap: number) =>
    Math.round(gap / usual) >= 1 &&
    Math.abs(gap - usual * Math.round(gap / usual)) <= Math.max(0.1 * usual, ROUNDING_MM);
  const wide = gaps.flatMap((gap, at) => (gap > 1.5 * usual ? [{ gap, at }] : []));
  if (wide.length > 0 && gaps.every(isMultiple)) {
    const missing = wide.reduce((sum, { gap }) => sum + Math.round(gap / usual) - 1, 0);
    const where = wide.slice(0, 3).map(({ gap, at }) => `between slices ${at + 1} and ${at + 2} (${mm(gap)})`);
    const more = wide.length > 3 ? ` and at ${wide.length - 3} more places` : '';
    return new NoSliceError(
      `Of the series ${missing} ${missing === 1 ? 'slice is' : 'slices are'} missing: the others are ${mm(usual)} apart, but not ${where.join(', ')}${more}.`,
    );
  }
  return new NoSliceError(
    `The slices lie unevenly: neighbours are ${mm(Math.min(...gaps))} to ${mm(Math.max(...gaps))} apart.`,
  );
}

function mm(value: number): string {
  return `${Number(value.toFixed(2))} mm`;
}
