import type { SideTags } from '../../schemas/radiograph.ts';
import type { Box, Side, SideSource } from '../../schemas/result.ts';

/** Which side of the patient a finding is on, how that is known, and what a reader should be told about it. */
export interface SideOf {
  readonly side: Side | null;
  readonly sideSource: SideSource;
}

export interface Sides {
  /** In the order of the boxes. */
  readonly sides: readonly SideOf[];
  /** Sentences that send the image to quality review. */
  readonly review: readonly string[];
  /** Sentences for the reader that need no review. */
  readonly notes: readonly string[];
}

/** An axis of the stored image, and the patient's side at its beginning (left edge, or top edge). */
interface Axis {
  readonly along: 'columns' | 'rows';
  readonly begin: Side;
  readonly source: 'stated' | 'assumed';
}

const UNKNOWN: SideOf = { side: null, sideSource: 'assumed' };
const CONTRADICTORY: SideOf = { side: null, sideSource: 'contradictory' };

/**
 * The patient's side of each of the paired things found on one radiograph (hips).
 *
 * What the file says is taken in the order PatientOrientation, ImageLaterality, Laterality, ViewPosition:
 * - PatientOrientation says which way the patient's left lies in the stored pixels: `L\F` as usually hung, `R\F` mirrored.
 *   The thing nearer to that edge is on that side: *stated*.
 * - ImageLaterality, then Laterality, `L` or `R`: the image shows one side only, and what is found on it is on that side:
 *   *stated*.
 * - Without PatientOrientation, ViewPosition `PA` has the patient's left at the left edge, and everything else the
 *   patient's right, as radiographs are hung: *assumed*; `PA` goes to review all the same.
 *
 * With one thing found and no laterality, its half of the image decides, and that is *assumed*, since the image may show
 * one side only; ImageLaterality `B` says that it does not, and then it is as good as PatientOrientation. Where it lies
 * across the middle, or a lateral view was taken, the side is not known (null, *assumed*).
 *
 * Whatever disagrees is *contradictory*, has no side (null) and goes to review: ImageLaterality and Laterality that differ,
 * a one-sided image with things on both sides, one whose thing lies wholly in the other side's half, and ViewPosition `PA`
 * with an orientation as for `AP`. More than two things have sides by their places, and go to review.
 *
 * @see PS3.3 C.7.6.1.1.1 (PatientOrientation), C.8.11.5 (ImageLaterality), C.7.3.1 (Laterality), C.8.11.5 (ViewPosition)
 * @param boxes in pixels of the stored image
 */
export function sidesOf(
  tags: SideTags,
  boxes: readonly Box[],
  image: { readonly rows: number; readonly columns: number },
): Sides {
  if (boxes.length === 0) return { sides: [], review: [], notes: [] };
  const contradict = (sentence: string): Sides => ({
    sides: boxes.map(() => CONTRADICTORY),
    review: [sentence],
    notes: [],
  });

  const imageLaterality = lateralityOf(tags.ImageLaterality);
  const laterality = lateralityOf(tags.Laterality);
  if (imageLaterality !== undefined && laterality !== undefined && imageLaterality !== laterality) {
    return contradict(`ImageLaterality says ${word(imageLaterality)}, Laterality says ${word(laterality)}.`);
  }
  const view = tags.ViewPosition?.trim().toUpperCase() ?? '';
  const orientation = orientationOf(tags.PatientOrientation);
  if (view === 'PA' && orientation !== undefined && orientation !== 'lateral' && isUsual(orientation)) {
    return contradict('ViewPosition says PA, but PatientOrientation is that of an AP image.');
  }
  const axis = axisOf(orientation, view);
  const claimed = imageLaterality ?? laterality;
  if (claimed === 'left' || claimed === 'right') return oneSided(claimed, axis, boxes, image);
  return byPlace(axis, boxes, image, { view, showsBoth: claimed === 'both' });
}

/** The image is said to show one side. */
function oneSided(side: Side, axis: Axis | undefined, boxes: readonly Box[], image: Size): Sides {
  if (boxes.length > 1) {
    const review = `The image is said to show the ${side} side only, but ${boxes.length} hips were found on it.`;
    return { sides: boxes.map(() => CONTRADICTORY), review: [review], notes: [] };
  }
  const [box] = boxes;
  const half = axis?.source === 'stated' && box !== undefined ? halfOf(box, axis, image) : undefined;
  if (half !== undefined && half !== side) {
    const review = `The image is said to show the ${side} side, but by PatientOrientation what was found lies on the ${half}.`;
    return { sides: [CONTRADICTORY], review: [review], notes: [] };
  }
  return { sides: [{ side, sideSource: 'stated' }], review: [], notes: [] };
}

/** Nothing names the side: where things lie decides. */
function byPlace(
  axis: Axis | undefined,
  boxes: readonly Box[],
  image: Size,
  { view, showsBoth }: { readonly view: string; readonly showsBoth: boolean },
): Sides {
  if (axis === undefined) {
    return {
      sides: boxes.map(() => UNKNOWN),
      review: ['It is a side view, and nothing says of which side.'],
      notes: [],
    };
  }
  const notes =
    axis.source === 'stated' && axis.begin === 'left'
      ? ['The image is stored mirrored: the left edge is the patient’s left.']
      : [];
  const review: string[] = [];
  if (axis.source === 'assumed' && view === 'PA') {
    review.push('The sides are taken from ViewPosition PA alone; PatientOrientation is missing.');
  }
  const [first] = boxes;
  if (boxes.length === 1 && first !== undefined) {
    const half = halfOf(first, axis, image);
    if (half === undefined)
      review.push('One was found in the middle of the image, and nothing says of which side it is.');
    const sideSource = half !== undefined && showsBoth ? axis.source : 'assumed';
    return { sides: [{ side: half ?? null, sideSource }], review, notes };
  }
  if (boxes.length > 2) review.push(`${boxes.length} hips were found on the image; a person has two.`);
  const centres = boxes.map((box) => centreOf(box, axis));
  const spread = Math.max(...centres) - Math.min(...centres);
  if (spread < Math.min(...boxes.map((box) => lengthOf(box, axis))) / 2) {
    review.push('What was found lies one above the other, so that its place says no side.');
    return { sides: boxes.map(() => UNKNOWN), review, notes };
  }
  const middle = Math.min(...centres) + spread / 2;
  const sides = centres.map((centre) => ({ side: sideAt(centre, middle, axis), sideSource: axis.source }));
  return { sides, review, notes };
}

type Size = { readonly rows: number; readonly columns: number };

function axisOf(orientation: Omit<Axis, 'source'> | 'lateral' | undefined, view: string): Axis | undefined {
  if (orientation === 'lateral') return undefined;
  if (orientation !== undefined) return { ...orientation, source: 'stated' };
  if (['LL', 'RL', 'LLD', 'RLD', 'LATERAL'].includes(view)) return undefined;
  return { along: 'columns', begin: view === 'PA' ? 'left' : 'right', source: 'assumed' };
}

/** The image axis that runs along the patient's left-right axis; `lateral` where neither does. */
function orientationOf(values: readonly string[] | null): Omit<Axis, 'source'> | 'lateral' | undefined {
  if (values === null) return undefined;
  const [row = '', column = ''] = values.map((value) => value.trim().toUpperCase());
  if (row === '' && column === '') return undefined;
  // The value names the way in which the axis points: rows that point to L begin at the patient's right.
  if (row.startsWith('L')) return { along: 'columns', begin: 'right' };
  if (row.startsWith('R')) return { along: 'columns', begin: 'left' };
  if (column.startsWith('L')) return { along: 'rows', begin: 'right' };
  if (column.startsWith('R')) return { along: 'rows', begin: 'left' };
  return 'lateral';
}

function isUsual({ along, begin }: Omit<Axis, 'source'>): boolean {
  return along === 'columns' && begin === 'right';
}

function lateralityOf(value: string | null): Side | 'both' | undefined {
  const code = value?.trim().toUpperCase() ?? '';
  if (code === 'L') return 'left';
  if (code === 'R') return 'right';
  return code === 'B' ? 'both' : undefined;
}

function word(laterality: Side | 'both'): string {
  return laterality === 'both' ? 'both sides' : laterality;
}

/** The side of the half that holds the whole box; undefined where it lies across the middle. */
function halfOf(box: Box, axis: Axis, image: Size): Side | undefined {
  const [begin, end] = axis.along === 'columns' ? [box[0], box[2]] : [box[1], box[3]];
  const middle = image[axis.along] / 2;
  if (begin < middle && end > middle) return undefined;
  return sideAt((begin + end) / 2, middle, axis);
}

function centreOf(box: Box, axis: Axis): number {
  return axis.along === 'columns' ? (box[0] + box[2]) / 2 : (box[1] + box[3]) / 2;
}

function lengthOf(box: Box, axis: Axis): number {
  return axis.along === 'columns' ? box[2] - box[0] : box[3] - box[1];
}

function sideAt(place: number, middle: number, axis: Axis): Side {
  const other = axis.begin === 'left' ? 'right' : 'left';
  return place < middle ? axis.begin : other;
}
