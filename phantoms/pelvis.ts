import { compose, type Point, smooth, type Transform, translation } from './geometry.ts';
import type { Material, Projection } from './projection.ts';
import type { Random } from './random.ts';

/** One half of a bony pelvis, left, in the patient's mm: x = 0 is the middle, y = 0 the height of the hip joints. */
export interface Pelvis {
  /** From the middle to the centre of the femoral head. */
  hipAt: number;
  size: number;
  /** Stretches heights: a pelvis tilted forward or back looks lower or higher. */
  tilt: number;
  density: number;
  child: boolean;
}

export function drawPelvis(random: Random, child: boolean): Pelvis {
  const size = child ? random.between(0.42, 0.75) : random.normal(1, 0.05);
  return {
    hipAt: random.between(82, 97) * size,
    size,
    tilt: random.between(0.82, 1.15),
    density: random.between(0.6, 1.25),
    child,
  };
}

/** Adds ilium, acetabulum, pubis and ischium of one side; `place` mirrors them for the right. `headRadius`, `joint`: mm. */
export function addHalfPelvis(
  projection: Projection,
  place: Transform,
  pelvis: Pelvis,
  joint: { headRadius: number; space: number; osteophyte: number },
): void {
  const { hipAt, size, tilt, density } = pelvis;
  const at = (x: number, y: number): Point => [((x * size) / (90 * size)) * hipAt, y * size * tilt];
  const bone: Material = { shell: 0.03 * density, inner: 0.007 * density };
  const s = size;
  const wing = smooth([
    at(45, -85),
    at(42, -125),
    at(64, -151),
    at(95, -156),
    at(122, -136),
    at(134, -102),
    at(123, -70),
    at(118, -38),
    at(112, -18),
    at(90, -27),
    at(70, -26),
    at(61, -48),
  ]);
  projection.add('bone', place, (shapes) => {
    shapes.plate(wing, { thickness: 13 * s, edge: 7 * s, shell: 1.6 }, bone);
    shapes.tube(
      [
        [...at(43, -120), 5 * s, 2],
        [...at(64, -147), 5 * s, 2],
        [...at(95, -152), 6 * s, 2],
        [...at(121, -132), 5 * s, 2],
        [...at(131, -102), 5 * s, 2],
      ],
      bone,
    );
  });
  projection.add('bone', place, (shapes) => {
    shapes.tube(
      [
        [...at(52, -85), 9 * s, 2],
        [...at(66, -50), 11 * s, 2],
        [...at(82, -30), 15 * s, 2],
      ],
      bone,
    );
    shapes.tube(
      [
        [...at(112, -45), 6 * s, 2],
        [...at(110, -26), 9 * s, 2],
      ],
      bone,
    );
  });
  projection.add('bone', place, (shapes) => {
    shapes.tube(
      [
        [...at(66, -18), 11 * s, 2],
        [...at(52, 2), 8.5 * s, 2],
        [...at(28, 17), 8 * s, 2],
        [...at(11, 24), 9 * s, 2],
      ],
      bone,
    );
    shapes.tube(
      [
        [...at(11, 24), 9 * s, 2],
        [...at(9.5, 44), 7.5 * s, 2],
        [...at(30, 68), 6 * s, 2],
        [...at(46, 80), 9 * s, 2],
      ],
      bone,
    );
  });
  projection.add('bone', place, (shapes) =>
    shapes.tube(
      [
        [...at(68, 8), 13 * s, 2],
        [...at(61, 45), 11 * s, 2],
        [...at(51, 78), 13 * s, 2],
      ],
      bone,
    ),
  );
  addSocket(projection, compose(place, translation(hipAt, 0)), bone, joint, pelvis.child);
}

function addSocket(
  projection: Projection,
  place: Transform,
  bone: Material,
  joint: { headRadius: number; space: number; osteophyte: number },
  child: boolean,
): void {
  const radius = joint.headRadius + joint.space + 3;
  const arc = (from: number, to: number, thick: number): [number, number, number, number][] =>
    Array.from({ length: 9 }, (_, i) => {
      const angle = ((from + ((to - from) * i) / 8) * Math.PI) / 180;
      return [radius * Math.cos(angle), radius * Math.sin(angle), thick, thick];
    });
  // The roof that bears the weight, the floor towards the pelvis, the back wall over the head.
  projection.add('bone', place, (shapes) => {
    shapes.tube(arc(-35, -125, 3.2), { shell: bone.shell * 1.15, inner: 0 });
    shapes.tube(arc(-125, -215, 2), bone);
    if (joint.osteophyte > 0) shapes.tube([[radius * 0.85, -radius * 0.5, joint.osteophyte, 1]], bone);
  });
  if (child) return;
  projection.add('bone', place, (shapes) =>
    shapes.tube([[-radius * 0.25, -2, radius * 0.85, 1]], { shell: bone.shell * 0.2, inner: bone.inner * 0.3 }),
  );
}

/** Adds sacrum, coccyx and the last two lumbar vertebrae; x = 0 is the middle. */
export function addSpineBase(projection: Projection, place: Transform, pelvis: Pelvis, random: Random): void {
  const { size: s, tilt, density } = pelvis;
  const at = (x: number, y: number): Point => [x * s, y * s * tilt];
  const bone: Material = { shell: 0.026 * density, inner: 0.0055 * density };
  const sacrum = smooth([
    at(-46, -98),
    at(0, -104),
    at(46, -98),
    at(44, -72),
    at(22, -28),
    at(9, -2),
    at(-9, -2),
    at(-22, -28),
    at(-44, -72),
  ]);
  projection.add('bone', place, (shapes) =>
    shapes.plate(sacrum, { thickness: 30 * s, edge: 14 * s, shell: 1.5 }, bone),
  );
  projection.add('bone', place, (shapes) =>
    shapes.tube(
      [
        [...at(0, 0), 6 * s, 1.2],
        [...at(0, 20), 3 * s, 1],
      ],
      bone,
    ),
  );
  for (const level of [0, 1, 2, 3]) {
    for (const side of [-1, 1]) {
      projection.add('bone', place, (shapes) =>
        shapes.tube([[...at(side * (22 - level * 4), -85 + level * 18), (4.5 - level * 0.5) * s]], {
          shell: -0.012,
          inner: -0.012,
        }),
      );
    }
  }
  const lean = random.normal(0, 0.05);
  for (const level of [0, 1, 2])
    addVertebra(
      projection,
      place,
      { at: at(lean * level * 38, -122 - level * 38), width: 52 * s, height: 28 * s * tilt, density },
      random,
    );
}

/** A lumbar vertebra seen from the front; `at`: centre of its body in mm. */
export function addVertebra(
  projection: Projection,
  place: Transform,
  vertebra: { at: Point; width: number; height: number; density: number },
  random: Random,
): void {
  const {
    at: [x, y],
    width: w,
    height: h,
    density,
  } = vertebra;
  const bone: Material = { shell: 0.028 * density, inner: 0.0055 * density };
  const body = smooth([
    [x - w / 2, y - h / 2],
    [x + w / 2, y - h / 2],
    [x + w * 0.45, y],
    [x + w / 2, y + h / 2],
    [x - w / 2, y + h / 2],
    [x - w * 0.45, y],
  ]);
  projection.add('bone', place, (shapes) =>
    shapes.plate(body, { thickness: w * 0.65, edge: w * 0.12, shell: 1.3 }, bone),
  );
  projection.add('bone', place, (shapes) => {
    for (const side of [-1, 1]) {
      shapes.tube(
        [
          [x + side * w * 0.3, y - h * 0.05, w * 0.09, 1.2],
          [x + side * w * 0.95, y - h * random.between(0, 0.2), w * 0.05, 1],
        ],
        bone,
      );
      shapes.tube([[x + side * w * 0.3, y - h * 0.1, w * 0.1, 2]], bone);
    }
    shapes.tube(
      [
        [x, y, w * 0.07, 1.5],
        [x, y + h * 0.5, w * 0.09, 1.5],
      ],
      bone,
    );
  });
}
