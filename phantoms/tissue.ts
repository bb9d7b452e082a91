import { type Point, type Transform, translation } from './geometry.ts';
import type { Projection, TubePoint } from './projection.ts';
import type { Random } from './random.ts';

/** Attenuation per mm of muscle, of fat and of gas (less than nothing: it displaces tissue). */
export const muscle = 0.021;
export const fat = 0.0165;
export const gas = -0.0195;

/** Adds trunk and thighs around a pelvis; x = 0 is the middle, y = 0 the height of the hip joints. */
export function addHips(
  projection: Projection,
  place: Transform,
  random: Random,
  body: { size: number; spread: number },
): void {
  const { size } = body;
  const waist = random.between(130, 190) * size;
  const hip = random.between(165, 225) * size;
  const depth = random.between(150, 250) * size;
  const layer = random.between(8, 45) * size;
  // The trunk is as wide as a tube and less deep: its attenuation is scaled.
  const flat = depth / (2 * hip);
  const thigh = Math.min(0.95, random.between(0.75, 1) * (depth / (0.94 * hip)));
  const trunk: TubePoint[] = [
    [0, -420, waist, layer],
    [0, -160, waist, layer],
    [0, -60, hip * 0.97, layer],
    [0, 20, hip, layer],
    [0, 70, hip * 0.8, layer],
  ];
  projection.add('smooth', place, (shapes) => {
    shapes.tube(trunk, { shell: fat * flat, inner: muscle * flat });
    for (const side of [-1, 1]) {
      const slope = Math.tan((body.spread * Math.PI) / 180);
      const x = hip * 0.52;
      shapes.tube(
        [
          [side * x, 10, hip * 0.47, layer],
          [side * (x - 4 + slope * 160), 170, hip * 0.44, layer],
          [side * (x - 8 + slope * 420), 430, hip * 0.36, layer],
        ],
        { shell: fat * thigh, inner: muscle * thigh },
      );
    }
  });
  // A skin fold, the bladder, the shadow between the buttocks.
  if (random.chance(0.5)) {
    projection.add('smooth', place, (shapes) =>
      shapes.tube([[0, -30, random.between(30, 55) * size]], { shell: 0.0012, inner: 0.0012 }),
    );
  }
  if (random.chance(0.5)) {
    const y = random.between(-60, 40);
    const edge = random.between(20, 60);
    projection.add('smooth', place, (shapes) =>
      shapes.tube(
        [
          [-hip, y, 16],
          [0, y + edge, 18],
          [hip, y, 16],
        ],
        { shell: 0.006, inner: 0.006 },
      ),
    );
  }
  for (const side of [-1, 1]) {
    projection.add('smooth', place, (shapes) =>
      shapes.tube(
        [
          [side * 12, 60, 4],
          [side * 20, 110, 16],
          [side * 30, 240, 24],
        ],
        { shell: -0.006, inner: -0.006 },
      ),
    );
  }
}

/** Adds bowel gas and stool in an ellipse of mm around `centre`. */
export function addBowel(
  projection: Projection,
  place: Transform,
  random: Random,
  area: { centre: Point; radii: Point; amount: number },
): void {
  const loops = Math.round(random.between(0, 12) * area.amount);
  for (let i = 0; i < loops; i++) {
    const angle = random.between(0, 2 * Math.PI);
    const out = Math.sqrt(random.next());
    const x = area.centre[0] + Math.cos(angle) * out * area.radii[0];
    const y = area.centre[1] + Math.sin(angle) * out * area.radii[1];
    const radius = random.between(4, 20);
    const [dx, dy] = [random.normal(0, 18), random.normal(0, 14)];
    const clear = random.between(0.25, 1);
    projection.add('smooth', place, (shapes) =>
      shapes.tube(
        [
          [x, y, radius],
          [x + dx, y + dy, radius * random.between(0.7, 1.2)],
          [x + 2 * dx + random.normal(0, 12), y + 1.4 * dy, radius * random.between(0.5, 1)],
        ],
        { shell: gas * clear, inner: gas * clear },
      ),
    );
    if (!random.chance(0.4)) continue;
    for (let grain = 0; grain < 12; grain++) {
      const spot = translation(x + random.normal(dx / 2, 14), y + random.normal(dy / 2, 12));
      const dark = random.chance(0.6) ? gas * 0.6 : 0.004;
      projection.add(
        'smooth',
        {
          ...place,
          e: place.e + place.a * spot.e + place.c * spot.f,
          f: place.f + place.b * spot.e + place.d * spot.f,
        },
        (shapes) => shapes.tube([[0, 0, random.between(2, 6)]], { shell: dark, inner: dark }),
      );
    }
  }
}
