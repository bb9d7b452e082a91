import { compose, identity, rotation, scaling, type Transform, translation } from './geometry.ts';
import { metal } from './implants.ts';
import { addHalfPelvis, addSpineBase, addVertebra, drawPelvis } from './pelvis.ts';
import type { Material, Projection } from './projection.ts';
import type { Random } from './random.ts';
import { addBowel, fat, muscle } from './tissue.ts';

const bone: Material = { shell: 0.03, inner: 0.007 };
const flesh: Material = { shell: fat, inner: muscle };

/** Adds an abdomen from the front: spine, lower ribs, the wings of the pelvis. The hips would be 0 mm high, far below the image. */
export function addAbdomen(projection: Projection, random: Random): void {
  const pelvis = drawPelvis(random, false);
  const waist = random.between(140, 200);
  projection.add('smooth', identity, (shapes) =>
    shapes.plate(
      [
        [-waist, -700],
        [waist, -700],
        [waist * 0.95, -200],
        [waist * 1.1, 60],
        [-waist * 1.1, 60],
        [-waist * 0.95, -200],
      ],
      { thickness: random.between(150, 250), edge: waist * 0.7, shell: 20 },
      flesh,
    ),
  );
  addBowel(projection, identity, random, { centre: [0, -220], radii: [130, 130], amount: 1.6 });
  addSpineBase(projection, identity, pelvis, random);
  for (let level = 3; level < 9; level++)
    addVertebra(
      projection,
      identity,
      { at: [0, -122 - level * 38], width: 50 - level, height: 27, density: pelvis.density },
      random,
    );
  for (const side of [1, -1]) {
    addHalfPelvis(projection, scaling(side, 1), pelvis, { headRadius: 25, space: 4, osteophyte: 0 });
    for (let level = 0; level < 3; level++) {
      const y = -420 + level * 34;
      projection.add('bone', identity, (shapes) =>
        shapes.tube(
          [
            [side * 20, y, 5, 1],
            [side * 90, y + 24, 5, 1],
            [side * 125, y + 75, 5, 1],
          ],
          bone,
        ),
      );
    }
    projection.add('smooth', identity, (shapes) =>
      shapes.tube(
        [
          [side * 62, -300, 30],
          [side * 55, -260, 28],
        ],
        { shell: 0.002, inner: 0.002 },
      ),
    );
  }
}

/** Adds a spine, from the front or the side, with or without screws in it. */
export function addSpine(projection: Projection, random: Random): void {
  const bend = random.normal(0, 18);
  const lateral = random.chance(0.4);
  const neck = random.chance(0.35);
  const size = neck ? 0.55 : 1;
  projection.add('smooth', identity, (shapes) =>
    shapes.tube(
      [
        [0, -330, 110 * size + 20, 15],
        [bend * 0.5, 330, 120 * size + 20, 15],
      ],
      flesh,
    ),
  );
  const screwed = random.chance(0.3) ? random.whole(3, 5) : -1;
  for (let level = 0; level < 14; level++) {
    const y = (-260 + level * 38) * size;
    const x = bend * Math.sin(level / 3) + (lateral ? 20 : 0);
    addVertebra(
      projection,
      identity,
      { at: [x, y], width: (lateral ? 38 : 50) * size, height: 27 * size, density: 1.1 },
      random,
    );
    if (lateral)
      projection.add('bone', identity, (shapes) =>
        shapes.tube(
          [
            [x + 30 * size, y, 6 * size, 1],
            [x + 62 * size, y + 14 * size, 5 * size, 1],
          ],
          bone,
        ),
      );
    if (level < screwed || level > screwed + 2 || screwed < 0) continue;
    for (const side of [-1, 1])
      projection.add('smooth', identity, (shapes) =>
        shapes.tube(
          [
            [x + side * 15, y, 3],
            [x + side * 6, y + 4, 2.5],
          ],
          metal,
        ),
      );
  }
  if (screwed >= 0)
    for (const side of [-1, 1])
      projection.add('smooth', translation(side * 16, (-260 + screwed * 38) * size), (shapes) =>
        shapes.tube(
          [
            [0, -10, 2.8],
            [0, 90 * size, 2.8],
          ],
          metal,
        ),
      );
  if (!neck && !lateral) addBowel(projection, identity, random, { centre: [0, 0], radii: [120, 160], amount: 0.6 });
}

/** Adds a skull, from the front or the side, with the first vertebrae of the neck. */
export function addSkull(projection: Projection, random: Random): void {
  const lateral = random.chance(0.5);
  const [wide, high] = lateral ? [92, 76] : [72, 92];
  const wall = random.between(5, 8);
  const stretched: Transform = compose(translation(0, -20), scaling(wide / 80, high / 80));
  projection.add('smooth', stretched, (shapes) => shapes.tube([[0, 0, 86]], { shell: muscle, inner: muscle }));
  projection.add('bone', stretched, (shapes) => shapes.tube([[0, 0, 80, wall]], { shell: 0.03, inner: 0 }));
  projection.add('smooth', identity, (shapes) =>
    shapes.tube(
      [
        [lateral ? -30 : 0, 60, 45, 4],
        [0, 220, 52, 6],
      ],
      flesh,
    ),
  );
  const face = lateral ? -55 : 0;
  projection.add('bone', identity, (shapes) => {
    for (const side of lateral ? [0] : [-1, 1]) shapes.tube(ring([face + side * 32, 12], 19), bone);
    shapes.tube(
      [
        [face - 28, 58, 7, 2],
        [face, 72, 8, 2],
        [face + 28, 58, 7, 2],
      ],
      bone,
    );
    shapes.tube(
      [
        [face - 45, 40, 7, 2],
        [face - 34, 92, 8, 2],
        [face, 106, 9, 2],
        [face + (lateral ? 40 : 34), lateral ? 84 : 92, 8, 2],
        [face + 45, 40, 7, 2],
      ],
      bone,
    );
  });
  projection.add('smooth', identity, (shapes) =>
    shapes.tube(
      [
        [face, 30, 11],
        [face, 48, 9],
      ],
      { shell: -0.015, inner: -0.015 },
    ),
  );
  for (let level = 0; level < 5; level++)
    addVertebra(
      projection,
      identity,
      { at: [lateral ? 18 : 0, 80 + level * 20], width: 26, height: 15, density: 1 },
      random,
    );
}

/** Adds a slice across a body, as a CT shows it: no radiograph, though it may be stored as one. */
export function addSlice(projection: Projection, random: Random): void {
  const place = compose(rotation(random.normal(0, 5)), scaling(1.35, 1));
  projection.add('smooth', place, (shapes) =>
    shapes.tube([[0, 0, 130, random.between(4, 25)]], { shell: fat * 0.2, inner: muscle * 0.4 }),
  );
  projection.add('bone', place, (shapes) => {
    shapes.tube([[0, 70, 22, 2]], { shell: 0.06, inner: 0.02 });
    for (const side of [-1, 1])
      shapes.tube(
        [
          [side * 70, 50, random.between(10, 26), 3],
          [side * 55, 75, 8, 2],
        ],
        { shell: 0.05, inner: 0.02 },
      );
  });
  addBowel(projection, place, random, { centre: [0, -20], radii: [70, 60], amount: 1 });
}

function ring([x, y]: readonly [number, number], radius: number): [number, number, number, number][] {
  return Array.from({ length: 13 }, (_, i) => [
    x + radius * Math.cos((i * Math.PI) / 6),
    y + radius * Math.sin((i * Math.PI) / 6),
    4,
    1.5,
  ]);
}
