import type { SeriesFacts } from '../../schemas/series-index.ts';

/** What one image of a series says of its place and kind; null where it says nothing that can be used. */
export interface ImageFacts {
  /** ImageOrientationPatient: six direction cosines, LPS. */
  readonly orientation: readonly number[] | null;
  /** ImagePositionPatient: mm, LPS. */
  readonly position: readonly number[] | null;
  /** PixelSpacing: between rows, between columns, mm. */
  readonly spacing: readonly number[] | null;
  readonly rows: number;
  readonly columns: number;
  readonly thickness: number | null;
  readonly EchoTime: string | null;
  readonly ContrastBolusAgent: string | null;
  readonly ContrastBolusStartTime: string | null;
  readonly AcquisitionTime: string | null;
}

type Geometry = Pick<
  SeriesFacts,
  'orientation' | 'tiltDeg' | 'slices' | 'imagesPerSlice' | 'sliceSpacingMm' | 'uniform' | 'extentMm'
>;

/** Farther than this from the nearest plane, images are oblique, degrees. */
const OBLIQUE_DEG = 30;
/** Images whose direction cosines differ by less lie in parallel. */
const SAME_DIRECTION = 1e-2;
/** Positions nearer than this are one, mm. */
const SAME_POSITION_MM = 0.01;
/** Part of the median by which distances of a uniform series may differ. */
const UNIFORM = 0.05;
const PLANES = ['sagittal', 'coronal', 'axial'] as const;
/** What technicians write for "no contrast agent". */
const NO_AGENT = /^(no|none|nil|na|n\/a|nein|ohne|without|nativ|native|0|-+)$/i;

/** What the images of a series say together. Of several stacks the largest counts, of two alike the first. */
export function factsOf(images: readonly ImageFacts[]): SeriesFacts {
  const stacks = stacksOf(images);
  const largest = stacks.reduce<readonly ImageFacts[]>(
    (most, stack) => (stack.length > most.length ? stack : most),
    [],
  );
  const [first] = largest.length > 0 ? largest : images;
  return {
    images: images.length,
    stacks: stacks.length,
    echoes: new Set(images.flatMap(({ EchoTime }) => EchoTime ?? [])).size,
    ...geometryOf(largest),
    ...fieldOf(first),
    ...contrastOf(images),
  };
}

/** Images that lie in parallel, in the order of the first of each. */
function stacksOf(images: readonly ImageFacts[]): ImageFacts[][] {
  const stacks: { orientation: readonly number[]; images: ImageFacts[] }[] = [];
  for (const image of images) {
    const { orientation, position } = image;
    if (orientation === null || position === null) continue;
    const stack = stacks.find((one) =>
      one.orientation.every((cosine, at) => Math.abs(cosine - (orientation[at] ?? 0)) < SAME_DIRECTION),
    );
    if (stack === undefined) stacks.push({ orientation, images: [image] });
    else stack.images.push(image);
  }
  return stacks.map((stack) => stack.images);
}

function geometryOf(stack: readonly ImageFacts[]): Geometry {
  const normal = normalOf(stack[0]?.orientation ?? []);
  if (normal === null) {
    const unknown = { orientation: null, tiltDeg: null, sliceSpacingMm: null, uniform: null, extentMm: null };
    return { ...unknown, slices: 0, imagesPerSlice: 0 };
  }
  const along = normal.map(Math.abs);
  const nearest = along.indexOf(Math.max(...along));
  const tiltDeg = round((Math.acos(Math.min(1, along[nearest] ?? 0)) * 180) / Math.PI, 1);
  const orientation = tiltDeg > OBLIQUE_DEG ? ('oblique' as const) : (PLANES[nearest] ?? null);
  return { orientation, tiltDeg, ...slicesOf(stack, normal) };
}

function slicesOf(stack: readonly ImageFacts[], normal: readonly number[]): Omit<Geometry, 'orientation' | 'tiltDeg'> {
  const offsets = stack
    .map(({ position }) => normal.reduce((sum, part, axis) => sum + part * (position?.[axis] ?? 0), 0))
    .sort((a, b) => a - b);
  const places: { at: number; images: number }[] = [];
  for (const at of offsets) {
    const last = places.at(-1);
    if (last !== undefined && at - last.at < SAME_POSITION_MM) last.images += 1;
    else places.push({ at, images: 1 });
  }
  const gaps = places.slice(1).map(({ at }, index) => at - (places[index]?.at ?? 0));
  const median = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? null;
  const thickness = median ?? stack[0]?.thickness ?? null;
  const span = (places.at(-1)?.at ?? 0) - (places[0]?.at ?? 0);
  return {
    slices: places.length,
    imagesPerSlice: Math.max(...places.map(({ images }) => images)),
    sliceSpacingMm: median === null ? null : round(median, 3),
    uniform: median === null ? null : gaps.every((gap) => Math.abs(gap - median) <= UNIFORM * median),
    extentMm: thickness === null ? null : round(span + thickness, 1),
  };
}

/** Unit vector perpendicular to an image; null where the cosines are none. */
function normalOf(orientation: readonly number[]): number[] | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation;
  const cross = [b * f - c * e, c * d - a * f, a * e - b * d];
  const length = Math.hypot(...cross);
  return length > 0.5 ? cross.map((part) => part / length) : null;
}

function fieldOf(image: ImageFacts | undefined): Pick<SeriesFacts, 'widthMm' | 'heightMm' | 'pixelSpacingMm'> {
  const [betweenRows, betweenColumns] = image?.spacing ?? [];
  if (image === undefined || betweenRows === undefined || betweenColumns === undefined) {
    return { widthMm: null, heightMm: null, pixelSpacingMm: null };
  }
  return {
    widthMm: round(image.columns * betweenColumns, 1),
    heightMm: round(image.rows * betweenRows, 1),
    pixelSpacingMm: round(Math.max(betweenRows, betweenColumns), 3),
  };
}

function contrastOf(images: readonly ImageFacts[]): Pick<SeriesFacts, 'contrast' | 'contrastDelayS'> {
  const agent = images.find(({ ContrastBolusAgent }) => ContrastBolusAgent !== null)?.ContrastBolusAgent ?? null;
  const delays = images.flatMap((image) => {
    const [from, to] = [secondsOf(image.ContrastBolusStartTime), secondsOf(image.AcquisitionTime)];
    return from === null || to === null || to < from ? [] : [to - from];
  });
  const contrastDelayS = delays.length === 0 ? null : round(Math.min(...delays), 1);
  if (agent === null) return { contrast: 'unknown', contrastDelayS };
  return { contrast: NO_AGENT.test(agent.trim()) ? 'none' : 'given', contrastDelayS };
}

/** Seconds since midnight of a TM value. */
function secondsOf(time: string | null): number | null {
  const [, hours, minutes, seconds] = /^(\d{2})(\d{2})(\d{2}(?:\.\d+)?)/.exec(time ?? '') ?? [];
  return hours === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
