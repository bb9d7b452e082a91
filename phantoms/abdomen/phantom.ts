import { Random } from '../random.ts';
import { type GridWishes, gridOf, type Matrix, type PhantomGrid, rotation, type Vector } from '../volume.ts';
import { type Scalar, smoothNoise } from '../volume-noise.ts';
import { drawFrame } from './frame.ts';
import { SolidIndex } from './index.ts';
import { drawLiver, type Liver } from './liver.ts';
import { drawNeighbours, drawOrgans } from './organs.ts';
import { ellipsoid, type Solid } from './solids.ts';
import { type Attenuation, drawAttenuation, type Phase, tissueNumber } from './tissue.ts';
import { drawHead, drawTrunk, type Enclosure, encloses } from './trunk.ts';
import { drawTrees } from './vessels.ts';

/** Part of the body in the middle of the volume. */
export const regions = ['abdomen', 'chest', 'pelvis', 'head'] as const;
export type Region = (typeof regions)[number];

/** What may be asked of a CT phantom; whatever is left out, the seed draws. */
export interface AbdomenOptions extends GridWishes {
  region?: Region;
  phase?: Phase;
  liver?: 'normal' | 'fatty' | 'dense';
  /** Standard deviation of the noise in HU. */
  noise?: number;
  /** Full width at half maximum of the blur in the slice, in mm; small values look sharp and noisy. */
  blur?: number;
  /** Degrees by which the patient is turned about the x, y and z axis. */
  turn?: Vector;
}

/** Number of the tissue at a point of a patient (LPS, mm). */
export type TissueAt = (x: number, y: number, z: number) => number;

/** One patient in one scanner: everything that a slice is computed from. */
export interface AbdomenPhantom {
  seed: string;
  grid: PhantomGrid;
  region: Region;
  phase: Phase;
  attenuation: Attenuation;
  noise: number;
  blur: number;
  /** Number of the tissue at a point of the upright, unbent patient. */
  tissueAt: TissueAt;
  warp: Warp;
  /** Smooth noise in −1..1 by which a tissue's HU vary. */
  texture: Scalar;
  /** From the scanner's mm to the patient's: a turn, then a shift. */
  turn: Matrix;
  shift: Vector;
}

/** Draws the patient and the scan of a seed; nothing is rendered yet. */
export function abdomenPhantom(seed: string, options: AbdomenOptions): AbdomenPhantom {
  const random = new Random(`abdomen/${seed}`);
  const region = options.region ?? 'abdomen';
  const phase = options.phase ?? 'portal-venous';
  const kind = random.weighted([
    ['normal', 60],
    ['fatty', 25],
    ['dense', 15],
  ]);
  const angles = options.turn ?? [random.normal(0, 3), random.normal(0, 3), random.normal(0, 5)];
  const shift = [random.normal(0, 10), random.normal(0, 10), middleOf(random, region)] as const;
  const noise = options.noise ?? random.between(6, 28);
  const blur = options.blur ?? random.between(0.8, 3.5);
  const attenuation = drawAttenuation(random, phase, options.liver ?? kind);
  const tissueAt = region === 'head' ? head(random) : body(random);
  return {
    seed,
    grid: gridOf(options),
    region,
    phase,
    attenuation,
    noise,
    blur,
    tissueAt,
    warp: drawWarp(`abdomen/${seed}`, region === 'head' ? 0.5 : 1),
    texture: smoothNoise(`abdomen/${seed}/texture`, random.between(7, 14)),
    turn: rotation(angles),
    shift,
  };
}

function middleOf(random: Random, region: Region): number {
  const heights = {
    abdomen: random.normal(0, 22),
    chest: random.between(205, 260),
    pelvis: random.between(-300, -235),
  };
  return region === 'head' ? 0 : heights[region];
}

function body(random: Random): TissueAt {
  const frame = drawFrame(random);
  const liver = drawLiver(random, frame);
  const trees = drawTrees(random, liver, frame.size);
  const cysts = random.chance(0.2) ? drawCysts(random, liver) : [];
  const behind = [...drawOrgans(random, frame, liver), ...drawTrunk(random, frame)];
  const before = drawNeighbours(random, frame, liver);
  const parts = { behind, trees, cysts, before };
  return paint(encloses(random, frame), liver, parts);
}

function head(random: Random): TissueAt {
  const solids = new SolidIndex(drawHead(random));
  return (x, y, z) => Math.max(solids.at(x, y, z), tissueNumber.air);
}

function drawCysts(random: Random, { porta }: Liver): Solid[] {
  return Array.from({ length: random.whole(1, 4) }, () => {
    const r = random.between(4, 14);
    const at = [
      porta[0] + random.normal(-25, 45),
      porta[1] + random.normal(-10, 35),
      porta[2] + random.normal(15, 28),
    ] as const;
    return ellipsoid('cyst-left', at, [r, r, r * 1.1]);
  });
}

/** Later solids cover earlier ones; the liver with its vessels lies between `behind` and `before`. */
function paint(
  enclosure: Enclosure,
  liver: Liver,
  parts: Record<'behind' | 'trees' | 'cysts' | 'before', readonly Solid[]>,
): TissueAt {
  const behind = new SolidIndex(parts.behind);
  const before = new SolidIndex(parts.before);
  const trees = new SolidIndex(parts.trees);
  const cysts = new SolidIndex(parts.cysts);
  const number = tissueNumber;
  return (x, y, z) => {
    const around = enclosure(x, y, z);
    // Lung and the belly's fat make room; the wall does not.
    if (around !== number.fat && around !== number.lung && around !== number.muscle) return around;
    const covering = before.at(x, y, z);
    if (covering >= 0) return covering;
    if (isIn(liver.box, x, y, z) && liver.field(x, y, z) < 0) {
      const vessel = trees.at(x, y, z);
      if (vessel >= 0) return vessel;
      const right = liver.rightness(x, y, z) > 0;
      if (cysts.at(x, y, z) >= 0) return right ? number['cyst-right'] : number['cyst-left'];
      return right ? number['liver-right'] : number['liver-left'];
    }
    const organ = behind.at(x, y, z);
    return organ >= 0 ? organ : around;
  };
}

function isIn(box: Solid['box'], x: number, y: number, z: number): boolean {
  return z > box[2] && z < box[5] && y > box[1] && y < box[4] && x > box[0] && x < box[3];
}

/** Moves a point (three numbers of `point`) in place. */
export type Warp = (point: Float64Array) => void;

/** Bends space smoothly, so that no boundary is a textbook's: large swings, small waves. */
function drawWarp(seed: string, amount: number): Warp {
  const random = new Random(`${seed}/warp`);
  const far = random.between(7, 15) * amount;
  const near = random.between(1.5, 4) * amount;
  const noise = (axis: string, scale: number) => smoothNoise(`${seed}/warp/${axis}/${scale}`, scale);
  const wide = { x: noise('x', 75), y: noise('y', 75), z: noise('z', 75) };
  const fine = { x: noise('x', 24), y: noise('y', 24), z: noise('z', 24) };
  return (point) => {
    const [x = 0, y = 0, z = 0] = point;
    point[0] = x + far * wide.x(x, y, z) + near * fine.x(x, y, z);
    point[1] = y + far * wide.y(x, y, z) + near * fine.y(x, y, z);
    point[2] = z + far * wide.z(x, y, z) + near * fine.z(x, y, z);
  };
}
