import { cross, dot, length, minus, type Vector } from '../../lib/imaging/affine.ts';
import { DISTINGUISHING, type Frame } from './frame.ts';

/** Direction cosines that differ by less are the same: what rounding in headers leaves. */
const SAME_DIRECTION = 1e-3;
/** Pixels whose spacing differs by less are alike, in mm. */
const SAME_SPACING_MM = 1e-4;
/** Images nearer than this along the normal are at one place, in mm. */
const SAME_PLACE_MM = 0.01;
/** The images beside a stack that are too few to be one of their own: a localizer, a stray slice. */
const FEW = 0.25;

/** Images that lie in parallel, have the same pixels, and one image a place (or doubles that nothing tells apart). */
export interface Stack {
  readonly frames: readonly Frame[];
  /** What tells it from the others, e.g. `EchoTime 20`; empty where nothing need. */
  readonly means: string;
}

/** A stack, and what was left beside it. */
export interface Choice {
  readonly stack: Stack;
  readonly notes: readonly string[];
  readonly others: readonly Stack[];
}

/** Splits the images of a series by where they lie, then by what tells images at one place apart. */
export function stacksOf(frames: readonly Frame[]): Stack[] {
  const parallel: Frame[][] = [];
  for (const frame of frames) {
    const group = parallel.find(([first]) => first !== undefined && isParallel(first, frame));
    if (group === undefined) parallel.push([frame]);
    else group.push(frame);
  }
  return parallel.flatMap((group) => {
    const parts = splitByAttributes(group);
    const plane = parallel.length > 1 ? planeOf(group) : '';
    return parts.map(({ frames: own, means }) => ({ frames: own, means: [plane, means].filter(Boolean).join(', ') }));
  });
}

/**
 * The stack that a volume is made of: the only one; the one beside which the others are few images; of magnitude and
 * phase, real or imaginary images the magnitude.
 *
 * @returns undefined where several could be meant
 */
export function chooseStack(stacks: readonly Stack[]): Choice | undefined {
  const [stack, ...others] = stacks.toSorted((a, b) => b.frames.length - a.frames.length);
  if (stack === undefined) return undefined;
  if (others.length === 0) return { stack, notes: [], others };
  const rest = others.reduce((sum, { frames }) => sum + frames.length, 0);
  if (rest <= FEW * stack.frames.length) {
    const images = rest === 1 ? 'One image of the series was' : `${rest} images of the series were`;
    return { stack, notes: [`${images} left out: not of the same stack (${meansOf(others)}).`], others };
  }
  const magnitudes = stacks.filter(({ frames: [first] }) => first !== undefined && isMagnitude(first));
  const [magnitude] = magnitudes;
  const areParts = stacks.every(({ frames: [first] }) => first !== undefined && complexPart(first) !== undefined);
  if (magnitude === undefined || magnitudes.length > 1 || !areParts) return undefined;
  const left = stacks.filter((one) => one !== magnitude);
  const notes = [`Of the series only the magnitude images were read; beside them are others (${meansOf(left)}).`];
  return { stack: magnitude, notes, others: left };
}

/** The stacks in words, e.g. `EchoTime 20 (24 images), EchoTime 90 (24 images)`. */
export function meansOf(stacks: readonly Stack[]): string {
  const shown = stacks.slice(0, 6).map(({ means, frames }) => {
    return `${means || 'others'} (${frames.length} ${frames.length === 1 ? 'image' : 'images'})`;
  });
  return [...shown, ...(stacks.length > 6 ? [`and ${stacks.length - 6} more`] : [])].join(', ');
}

/** The way that slices follow each other: perpendicular to the image, so that i, j and it are right-handed. */
export function normalOf({ along, down }: Frame): Vector {
  return cross(along, down);
}

function isParallel(a: Frame, b: Frame): boolean {
  return (
    length(minus(a.along, b.along)) < SAME_DIRECTION &&
    length(minus(a.down, b.down)) < SAME_DIRECTION &&
    a.rows === b.rows &&
    a.columns === b.columns &&
    Math.abs(a.spacing[0] - b.spacing[0]) < SAME_SPACING_MM &&
    Math.abs(a.spacing[1] - b.spacing[1]) < SAME_SPACING_MM &&
    a.FrameOfReferenceUID === b.FrameOfReferenceUID
  );
}

/** By as few attributes as leave one image a place; where none do, by all that differ. */
function splitByAttributes(frames: readonly Frame[]): Stack[] {
  const places = placesOf(frames);
  const differing = DISTINGUISHING.filter((keyword) =>
    places.some((place) => new Set(place.map(({ attributes }) => attributes[keyword] ?? '')).size > 1),
  );
  const keywords: string[] = [];
  for (const keyword of differing) {
    keywords.push(keyword);
    const groups = [...groupBy(frames, keywords).values()];
    if (groups.every((group) => placesOf(group).every((place) => place.length === 1))) break;
  }
  return [...groupBy(frames, keywords)].map(([means, group]) => ({ frames: group, means }));
}

function groupBy(frames: readonly Frame[], keywords: readonly string[]): Map<string, Frame[]> {
  return Map.groupBy(frames, ({ attributes }) =>
    keywords.map((keyword) => `${keyword} ${attributes[keyword]?.replaceAll('\\', '/') ?? 'none'}`).join(', '),
  );
}

/** The images at each place, in order along the normal; doubles in order of their UIDs and frames. */
export function placesOf(frames: readonly Frame[]): Frame[][] {
  const [first] = frames;
  if (first === undefined) return [];
  const normal = normalOf(first);
  const heights = new Map(frames.map((frame) => [frame, dot(frame.position, normal)]));
  const height = (frame: Frame) => heights.get(frame) ?? 0;
  const sorted = frames.toSorted((a, b) => height(a) - height(b));
  const places: Frame[][] = [];
  for (const frame of sorted) {
    const [lowest] = places.at(-1) ?? [];
    if (lowest !== undefined && height(frame) - height(lowest) < SAME_PLACE_MM) places.at(-1)?.push(frame);
    else places.push([frame]);
  }
  return places.map((place) => place.toSorted(byIdentity));
}

function byIdentity({ source: a }: Frame, { source: b }: Frame): number {
  if (a.SOPInstanceUID !== b.SOPInstanceUID) return a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1;
  return a.frame - b.frame;
}

/** `axial`, `sagittal`, `coronal`, and the size of the image. */
function planeOf([first]: readonly Frame[]): string {
  if (first === undefined) return '';
  const normal = normalOf(first).map(Math.abs);
  const plane = ['sagittal', 'coronal', 'axial'][normal.indexOf(Math.max(...normal))] ?? '';
  return `${plane} ${first.columns} × ${first.rows}`;
}

function isMagnitude(frame: Frame): boolean {
  return complexPart(frame) === 'M';
}

/** Magnitude, phase, real or imaginary; undefined where the image does not say. */
function complexPart({ attributes }: Frame): 'M' | 'P' | 'R' | 'I' | undefined {
  const component = attributes.ComplexImageComponent;
  if (component === 'MAGNITUDE') return 'M';
  if (component === 'PHASE') return 'P';
  if (component === 'REAL') return 'R';
  if (component === 'IMAGINARY') return 'I';
  const type = (attributes.ImageType ?? '').split('\\').slice(2);
  return (['M', 'P', 'R', 'I'] as const).find((part) => type.includes(part));
}
