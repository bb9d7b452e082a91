import { along, type Circle, type Femur } from './femur.ts';
import type { Point, Transform } from './geometry.ts';
import type { Material, Projection, TubePoint } from './projection.ts';
import type { Random } from './random.ts';

export type Implant = 'total-arthroplasty' | 'hemiarthroplasty' | 'nail' | 'sliding-screw' | 'screws';

export const metal: Material = { shell: 0.16, inner: 0.16 };

/** Whether the implant stands in place of the head and neck. */
export function replacesHead(implant: Implant): boolean {
  return implant === 'total-arthroplasty' || implant === 'hemiarthroplasty';
}

/** Adds the metal in the femur's own mm. Returns circles that the truth's box encloses besides the bone's. */
export function addImplant(
  projection: Projection,
  place: Transform,
  femur: Femur,
  implant: Implant,
  random: Random,
): Circle[] {
  const size = femur.headRadius / 24.5;
  const { neckLength } = femur;
  const at = (neck: number, out: number, down: number, radius: number): TubePoint => [
    ...along(femur, neck, out * size, down * size),
    radius * size,
  ];
  const rod = (...points: TubePoint[]): void => projection.add('smooth', place, (shapes) => shapes.tube(points, metal));

  if (replacesHead(implant)) {
    const length = random.between(95, 165);
    const ball = implant === 'hemiarthroplasty' ? femur.headRadius / size : random.between(13, 18);
    if (implant === 'total-arthroplasty') addCup(projection, place, femur, random);
    projection.add('smooth', place, (shapes) => {
      shapes.tube([[0, 0, ball * size]], { shell: 0.09, inner: 0.09 });
      shapes.tube([at(0, 0, 0, 6), at(neckLength * 0.75, 0, 0, 7), at(neckLength, 2, 6, 10)], metal);
      shapes.tube([at(neckLength, 1, 2, 11), at(neckLength, 0, 40, 8), at(neckLength, 0, length, 4.5)], metal);
    });
    return [{ centre: [0, 0], radius: femur.headRadius + 6 }];
  }
  const tip = random.between(-0.42, -0.15) * femur.headRadius;
  if (implant === 'screws') {
    const count = random.whole(2, 3);
    const spread = random.between(6.5, 10);
    for (let i = 0; i < count; i++) {
      const across = (i - (count - 1) / 2) * spread * (count === 2 ? 1.4 : 1);
      const slope = random.normal(0, 1.5);
      rod(
        at(tip, 0, across + slope, 3.6),
        at(tip + 18, 0, across + slope, 3.6),
        at(tip + 18, 0, across, 2.4),
        at(neckLength + 20, 0, across + 4, 2.4),
        at(neckLength + 22, 0, across + 4, 4),
      );
    }
    return [];
  }
  const screw = random.between(4.5, 6);
  rod(
    at(tip, 0, 0, screw * 1.1),
    at(tip + 22, 0, 2, screw * 1.1),
    at(tip + 22, 0, 2, screw * 0.8),
    at(neckLength + 19, 0, 8, screw * 0.85),
  );
  if (implant === 'nail') {
    const length = random.pick([random.between(95, 130), 300]);
    rod(
      at(neckLength, 7, -28, 7.5),
      at(neckLength, 3, 10, 7.5),
      at(neckLength, 0, 45, 6),
      at(neckLength, 0, length, 5.5),
    );
    if (length < 200) rod(at(neckLength, -17, length - 18, 2.4), at(neckLength, 19, length - 18, 2.4));
    if (random.chance(0.4)) rod(at(tip + 6, 0, -9, 2.6), at(neckLength + 16, 0, -3, 2.6));
    return [{ centre: along(femur, neckLength, 7 * size, -22 * size), radius: 8 * size }];
  }
  const holes = random.whole(2, 5);
  rod(at(neckLength, 21, -2, 3.4), at(neckLength, 17, 40, 3), at(neckLength, 16, 30 + holes * 17, 3));
  for (let hole = 0; hole < holes; hole++) {
    rod(at(neckLength, 17, 38 + hole * 17, 2.2), at(neckLength, -17, 38 + hole * 17, 2.2));
  }
  return [];
}

function addCup(projection: Projection, place: Transform, femur: Femur, random: Random): void {
  const radius = femur.headRadius * random.between(1.02, 1.15);
  const inclination = ((random.normal(45, 7) + 180) * Math.PI) / 180;
  // The cup opens downwards and outwards; its rim is the plane across the opening.
  const normal: Point = [Math.cos(inclination), Math.sin(inclination)];
  projection.add('smooth', place, (shapes) =>
    shapes.tube([[0, 0, radius, 3.5]], { shell: 0.075, inner: 0.004 }, { at: [0, 0], normal, jag: 0, period: 10 }),
  );
  if (random.chance(0.4)) {
    projection.add('smooth', place, (shapes) =>
      shapes.tube(
        [
          [-6, -radius * 0.8, 2.4],
          [-16, -radius - random.between(12, 30), 2.2],
        ],
        metal,
      ),
    );
  }
}
