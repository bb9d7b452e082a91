import type { Exposure } from './exposure.ts';
import { addFemur, type Circle, drawFemurShape, drawFracture } from './femur.ts';
import { compose, identity, scaling, type Transform, translation } from './geometry.ts';
import { addImplant, type Implant, replacesHead } from './implants.ts';
import { addClutter, addLetters } from './overlay.ts';
import { addHalfPelvis, addSpineBase, drawPelvis, type Pelvis } from './pelvis.ts';
import type { Projection } from './projection.ts';
import {
  boxAround,
  develop,
  type Framing,
  type HipClass,
  type HipTruth,
  minimumVisible,
  openProjection,
  type Radiograph,
} from './radiograph.ts';
import { Random } from './random.ts';
import { addBowel, addHips } from './tissue.ts';

/** What may be asked of a hip phantom; whatever is left out, the seed draws. */
export interface HipOptions {
  left?: HipClass;
  right?: HipClass;
  /** 0 (subtle) to 1 (gross), for both sides. */
  severity?: number;
  framing?: 'pelvis' | 'left' | 'right' | 'frog-left' | 'frog-right';
  mirrored?: boolean;
  view?: 'AP' | 'PA';
  child?: boolean;
  photometricInterpretation?: 'MONOCHROME1' | 'MONOCHROME2';
  /** Pixels of the longer side. */
  longSide?: number;
  /** Dose, curve, collimation and the like. */
  exposure?: Partial<Exposure>;
}

/** An AP (or PA) radiograph of a pelvis or of one hip, with the truth of each hip; the same seed gives the same image. */
export function hipRadiograph(seed: string, options: HipOptions = {}): Radiograph {
  const random = new Random(`hip/${seed}`);
  const child = options.child ?? false;
  const pelvis = drawPelvis(random, child);
  const kind =
    options.framing ??
    random.weighted([
      ['pelvis', 60],
      ['left', 12],
      ['right', 12],
      ['frog-left', 8],
      ['frog-right', 8],
    ]);
  const framing = drawFraming(random, kind, pelvis, options);
  const { projection, mmPerPixel } = openProjection(framing);
  const oblique = random.normal(0, 0.05);

  const spread = kind.startsWith('frog') ? random.between(15, 60) : random.normal(0, 4);
  addHips(projection, identity, random, { size: pelvis.size, spread: Math.min(spread, 25) });
  addBowel(projection, identity, random, {
    centre: [0, -90 * pelvis.size],
    radii: [120 * pelvis.size, 80 * pelvis.size],
    amount: 1,
  });
  addSpineBase(projection, translation(oblique * 120, random.normal(0, 6)), pelvis, random);

  const drawn = (['left', 'right'] as const).map((side) => {
    const mirror = side === 'left' ? 1 : -1;
    const place = scaling(mirror * (1 + mirror * oblique), 1);
    const wanted =
      options[side] ??
      random.weighted([
        ['no-fracture', 40],
        ['fracture', 35],
        ['hardware', 25],
      ]);
    const frog = kind === `frog-${side}` || (kind.startsWith('frog') && random.chance(0.5));
    const asked = { abduction: frog ? spread : random.normal(0, 5), child, severity: options.severity };
    return { side, place, ...addHip(projection, place, pelvis, new Random(`${side}/${seed}`), wanted, asked) };
  });
  addClutter(projection, identity, random, {
    centre: [framing.centre[0], framing.centre[1]],
    radii: [framing.width / 2, framing.height / 2],
  });
  addMarker(projection, framing, kind, random);

  const { exposure, ...image } = develop(projection, mmPerPixel, random, exposureOf(options));
  const hips = drawn.map(({ side, place, circles, truth }) =>
    truthOf(
      projection,
      exposure,
      compose(projection.view.toPixel, compose(place, translation(pelvis.hipAt, 0))),
      circles,
      { ...truth, side },
    ),
  );
  return {
    ...image,
    bodyPart: kind === 'pelvis' ? 'PELVIS' : 'HIP',
    view: options.view ?? 'AP',
    patientOrientation: framing.mirrored ? ['R', 'F'] : ['L', 'F'],
    laterality: kind === 'pelvis' ? 'B' : kind.endsWith('left') ? 'L' : 'R',
    hips: hips.filter((hip) => hip.visible >= minimumVisible),
    partialHips: hips.filter((hip) => hip.visible < minimumVisible && hip.visible > 0),
  };
}

function exposureOf({ exposure, photometricInterpretation }: HipOptions): Partial<Exposure> {
  return { ...exposure, ...(photometricInterpretation === undefined ? {} : { photometricInterpretation }) };
}

function drawFraming(random: Random, kind: string, pelvis: Pelvis, options: HipOptions): Framing {
  const zoom = pelvis.size * random.between(0.85, 1.2);
  const turn = random.chance(0.2) ? random.normal(0, 8) : random.normal(0, 3);
  const mirrored = options.mirrored ?? random.chance(0.12);
  const longSide = options.longSide ?? 1600;
  if (kind === 'pelvis') {
    const width = random.between(350, 470) * zoom;
    return {
      width,
      height: width * random.between(0.7, 1.1),
      centre: [random.normal(0, 22) * zoom, random.normal(-25, 28) * zoom],
      turn,
      mirrored,
      longSide,
    };
  }
  const side = kind.endsWith('left') ? 1 : -1;
  const [low, high] = kind.startsWith('frog') ? [240, 420] : [170, 330];
  const width = random.between(low, high) * zoom;
  return {
    width,
    height: width * random.between(0.95, 1.4),
    centre: [side * pelvis.hipAt + side * random.normal(0, 26) * zoom, random.normal(25, 32) * zoom],
    turn,
    mirrored,
    longSide,
  };
}

/** Adds one hip in the mm of the left side; `place` mirrors it for the right. */
function addHip(
  projection: Projection,
  place: Transform,
  pelvis: Pelvis,
  random: Random,
  wanted: HipClass,
  asked: { abduction: number; child: boolean; severity: number | undefined },
): { circles: Circle[]; truth: Pick<HipTruth, 'class' | 'severity' | 'finding'> } {
  const femur = drawFemurShape(random, asked);
  const space = random.between(0.5, 5) * pelvis.size;
  addHalfPelvis(projection, place, pelvis, {
    headRadius: femur.headRadius,
    space,
    osteophyte: random.chance(0.25) ? random.between(2, 7) : 0,
  });
  const at = compose(place, translation(pelvis.hipAt, 0));
  if (wanted === 'no-fracture') return { circles: addFemur(projection, at, femur), truth: { class: wanted } };
  const severity = asked.severity ?? random.between(0.05, 1);
  if (wanted === 'fracture') {
    const fracture = drawFracture(random, femur, severity);
    return {
      circles: addFemur(projection, at, femur, { fracture }),
      truth: { class: wanted, severity, finding: fracture.kind },
    };
  }
  const implant: Implant = random.weighted([
    ['total-arthroplasty', 35],
    ['hemiarthroplasty', 15],
    ['nail', 20],
    ['sliding-screw', 15],
    ['screws', 15],
  ]);
  const fixed = random.chance(0.5) ? drawFracture(random, femur, random.between(0, 0.2)) : undefined;
  const circles = replacesHead(implant)
    ? addFemur(projection, at, femur, { without: 'head' })
    : addFemur(projection, at, femur, { fracture: fixed });
  return {
    circles: [...circles, ...addImplant(projection, at, femur, implant, random)],
    truth: { class: wanted, finding: implant },
  };
}

function truthOf(
  projection: Projection,
  exposure: Exposure,
  place: Transform,
  circles: Circle[],
  truth: Omit<HipTruth, 'box' | 'visible'>,
): HipTruth {
  return { ...truth, ...boxAround(circles, place, projection.view, exposure) };
}

/** A lead letter beside the patient, on the patient's side that it names, or none. */
function addMarker(projection: Projection, framing: Framing, kind: string, random: Random): void {
  if (random.chance(0.25)) return;
  const side = kind.endsWith('left') ? 1 : kind.endsWith('right') ? -1 : random.pick([-1, 1]);
  const height = random.between(12, 22);
  const x = framing.centre[0] + side * framing.width * random.between(0.3, 0.44) - height / 3;
  const y = framing.centre[1] + framing.height * random.between(-0.42, 0.4);
  addLetters(projection, translation(x, y), side === 1 ? 'L' : 'R', height);
}
