import { apply, compose, identity, type Point, rotation, type Transform, translation } from './geometry.ts';
import type { Cut, Material, Projection } from './projection.ts';
import type { Random } from './random.ts';

/**
 * The upper end of a left thigh bone in its own mm: the head's centre is the origin, +x lateral, +y towards the feet.
 * A right one is the same, placed mirrored.
 */
export interface Femur {
  headRadius: number;
  /** From the head's centre to the axis of the shaft, as projected (turning the leg outwards shortens it). */
  neckLength: number;
  neckRadius: number;
  shaftRadius: number;
  cortex: number;
  material: Material;
  /** Unit vectors: along the neck from the head outwards, down the shaft, and across the shaft outwards. */
  neck: Point;
  down: Point;
  out: Point;
  /** Where the axes of neck and shaft meet. */
  junction: Point;
  /** A child's head is not yet bone: it is drawn as thin as this, 0 to 1. */
  headDensity: number;
}

/** A circle in mm that belongs to the hip: the truth's box encloses all of them. */
export interface Circle {
  centre: Point;
  radius: number;
}

export interface Fracture {
  kind: 'neck' | 'intertrochanteric';
  /** Through which the bone is broken; its normal points to the head. */
  cut: Cut;
  /** How the part below has moved. */
  displacement: Transform;
  /** How far a broken-off lesser trochanter has moved, in mm; 0: it has not. */
  lesserTrochanter: number;
}

/** `abduction`: degrees by which the thigh is spread outwards (a frog-leg view: 20 to 60). */
export function drawFemurShape(random: Random, options: { abduction: number; child: boolean }): Femur {
  const size = options.child ? random.between(0.4, 0.75) : random.normal(1, 0.06);
  const shaftAngle = 96 + random.normal(0, 4) - options.abduction;
  const neckAngle = shaftAngle - 180 + random.normal(127, 5) + (options.child ? 10 : 0);
  const neckLength =
    random.between(40, 57) *
    size *
    (options.child ? 0.8 : 1) *
    (options.abduction > 15 ? random.between(0.8, 1.05) : 1);
  const neck = unit(neckAngle);
  const density = random.between(0.6, 1.25);
  return {
    headRadius: random.between(22, 27) * size,
    neckLength,
    neckRadius: random.between(13.5, 17.5) * size,
    shaftRadius: random.between(12.5, 16) * size,
    cortex: random.between(3.5, 7) * size,
    material: { shell: 0.034 * density, inner: 0.0085 * density * random.between(0.7, 1.2) },
    neck,
    down: unit(shaftAngle),
    out: unit(shaftAngle - 90),
    junction: [neck[0] * neckLength, neck[1] * neckLength],
    headDensity: options.child ? random.pick([0, 0.25, 0.6, 1]) : 1,
  };
}

/** `severity`: 0 (a fine line, a step of 3 mm) to 1 (far apart). */
export function drawFracture(random: Random, femur: Femur, severity: number): Fracture {
  const kind = random.chance(0.55) ? 'neck' : 'intertrochanteric';
  const size = femur.headRadius / 24.5;
  let at: Point;
  let normal: Point;
  if (kind === 'neck') {
    at = along(femur, random.between(0.38, 0.72) * femur.neckLength, 0, 0);
    normal = apply(rotation(random.normal(0, 16)), [-femur.neck[0], -femur.neck[1]]);
  } else {
    const from = along(femur, femur.neckLength, random.between(8, 18) * size, random.between(-18, -4) * size);
    const to = along(femur, femur.neckLength, -14 * size, random.between(20, 40) * size);
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    at = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    normal = [-(to[1] - from[1]) / length, (to[0] - from[0]) / length];
    if (normal[0] * femur.neck[0] + normal[1] * femur.neck[1] > 0) normal = [-normal[0], -normal[1]];
  }
  const cut: Cut = { at, normal, jag: random.between(0.3, 4) * size, period: random.between(7, 16) * size };
  const impacted = random.chance(0.35);
  const away = (impacted ? -random.between(2.5, 5) : random.between(2, 4) + severity * random.between(0, 9)) * size;
  const upwards = (random.between(1.5, 3.5) + severity * random.between(6, 26)) * size;
  const turn = random.pick([-1, 1, 1]) * (random.between(4, 9) + severity * random.between(4, 34));
  const shift: Point = [
    -normal[0] * away - femur.down[0] * upwards + femur.out[0] * severity * random.between(-4, 12) * size,
    -normal[1] * away - femur.down[1] * upwards + femur.out[1] * severity * random.between(-4, 12) * size,
  ];
  return {
    kind,
    cut,
    displacement: compose(translation(shift[0], shift[1]), rotation(turn, at)),
    lesserTrochanter:
      kind === 'intertrochanteric' && random.chance(0.6) ? (3 + severity * random.between(4, 18)) * size : 0,
  };
}

/** Adds the bone. `without`: the part that an implant has replaced. Returns the circles of the truth's box in the mm of `place`. */
export function addFemur(
  projection: Projection,
  place: Transform,
  femur: Femur,
  options: { fracture?: Fracture | undefined; without?: 'head' } = {},
): Circle[] {
  const { fracture } = options;
  const trochanterAway = fracture?.lesserTrochanter ?? 0;
  if (options.without === 'head') {
    const neckCut: Cut = { at: along(femur, femur.neckLength * 0.7, 0, 0), normal: femur.neck, jag: 0, period: 10 };
    projection.add('bone', place, () => addParts(projection, femur, 0, neckCut));
    return circles(femur, identity, ['trochanters']);
  }
  if (fracture === undefined) {
    projection.add('bone', place, () => addParts(projection, femur, 0, undefined));
    return circles(femur, identity, ['head', 'trochanters']);
  }
  const below: Cut = { ...fracture.cut, normal: [-fracture.cut.normal[0], -fracture.cut.normal[1]] };
  // The jagged line of the part below is the mirror of the part above's, so that the teeth fit where nothing has moved.
  projection.add('bone', place, () => addParts(projection, femur, trochanterAway, fracture.cut));
  projection.add('bone', compose(place, fracture.displacement), () =>
    addParts(projection, femur, trochanterAway, { ...below, jag: -below.jag }),
  );
  return [...circles(femur, identity, ['head']), ...circles(femur, fracture.displacement, ['trochanters'])];
}

function addParts(projection: Projection, femur: Femur, trochanterAway: number, cut: Cut | undefined): void {
  const { headRadius, neckRadius, shaftRadius, neckLength, material, cortex } = femur;
  const size = headRadius / 24.5;
  const at = (neck: number, out: number, down: number): Point => along(femur, neck, out * size, down * size);
  const head: Material = {
    shell: material.shell * femur.headDensity,
    inner: material.inner * femur.headDensity * 0.85,
  };
  if (femur.headDensity > 0) projection.tube([[0, 0, headRadius, 0.9]], head, cut);
  const neckStart = femur.headDensity < 1 ? 0.45 : 0.2;
  projection.tube(
    [
      [...at(neckLength * neckStart, 0, 0), neckRadius * 1.1, 1.2],
      [...at(neckLength * 0.6, 0, 0), neckRadius, 2.4],
      [...at(neckLength, 0, 2), shaftRadius * 1.3, 2],
    ],
    material,
    cut,
  );
  projection.tube(
    [
      [...at(neckLength, 11, -17), 9 * size, 1],
      [...at(neckLength, 4, 4), shaftRadius * 1.25, 1.2],
    ],
    material,
    cut,
  );
  projection.tube(
    [[...at(neckLength, -13 - trochanterAway / size, 33 - trochanterAway / size), 8 * size, 1.2]],
    material,
    cut,
  );
  projection.tube(
    [
      [...at(neckLength, 0, 8), shaftRadius * 1.32, 1.8],
      [...at(neckLength, 0, 48), shaftRadius * 1.05, cortex * 0.75],
      [...at(neckLength, 0, 95), shaftRadius, cortex],
      [...at(neckLength, 0, 330), shaftRadius * 0.95, cortex],
    ],
    material,
    cut,
  );
}

/** The point `neck` mm along the neck, then `out` across and `down` along the shaft. */
export function along(femur: Femur, neck: number, out: number, down: number): Point {
  return [
    femur.neck[0] * neck + femur.out[0] * out + femur.down[0] * down,
    femur.neck[1] * neck + femur.out[1] * out + femur.down[1] * down,
  ];
}

function circles(femur: Femur, moved: Transform, parts: ('head' | 'trochanters')[]): Circle[] {
  const size = femur.headRadius / 24.5;
  const found: Circle[] = [];
  if (parts.includes('head')) found.push({ centre: apply(moved, [0, 0]), radius: femur.headRadius + 5 });
  if (parts.includes('trochanters')) {
    found.push({ centre: apply(moved, along(femur, femur.neckLength, 8 * size, -8 * size)), radius: 18 * size });
    found.push({ centre: apply(moved, along(femur, femur.neckLength, -8 * size, 36 * size)), radius: 14 * size });
    found.push({
      centre: apply(moved, along(femur, femur.neckLength, 4 * size, 4 * size)),
      radius: femur.shaftRadius * 1.25,
    });
  }
  return found;
}

function unit(degrees: number): Point {
  return [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
}
