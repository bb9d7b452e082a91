import { compose, type Point, rotation, scaling, type Transform, translation } from './geometry.ts';
import { metal } from './implants.ts';
import type { Projection } from './projection.ts';
import type { Random } from './random.ts';

/** Strokes of the letters that stand on radiographs, in a box 0.7 wide and 1 high. */
const strokes: Record<string, readonly (readonly Point[])[]> = {
  L: [
    [
      [0, 0],
      [0, 1],
      [0.6, 1],
    ],
  ],
  R: [
    [
      [0, 1],
      [0, 0],
      [0.45, 0.03],
      [0.6, 0.25],
      [0.45, 0.5],
      [0, 0.52],
    ],
    [
      [0.3, 0.52],
      [0.65, 1],
    ],
  ],
  P: [
    [
      [0, 1],
      [0, 0],
      [0.45, 0.03],
      [0.6, 0.25],
      [0.45, 0.5],
      [0, 0.52],
    ],
  ],
  A: [
    [
      [0, 1],
      [0.33, 0],
      [0.66, 1],
    ],
    [
      [0.13, 0.62],
      [0.52, 0.62],
    ],
  ],
  T: [
    [
      [0, 0],
      [0.66, 0],
    ],
    [
      [0.33, 0],
      [0.33, 1],
    ],
  ],
  E: [
    [
      [0.6, 0],
      [0, 0],
      [0, 1],
      [0.6, 1],
    ],
    [
      [0, 0.5],
      [0.5, 0.5],
    ],
  ],
  X: [
    [
      [0, 0],
      [0.6, 1],
    ],
    [
      [0.6, 0],
      [0, 1],
    ],
  ],
};

/** Adds lead letters, `height` mm high, their upper left corner at the origin of `place`. */
export function addLetters(projection: Projection, place: Transform, letters: string, height: number): void {
  const size = compose(place, scaling(height, height));
  [...letters].forEach((letter, i) => {
    const at = compose(size, translation(i * 0.95, 0));
    for (const stroke of strokes[letter] ?? []) {
      projection.add('smooth', at, (shapes) =>
        shapes.tube(
          stroke.map(([x, y]) => [x, y, 0.07] as const),
          { shell: 5 / height, inner: 5 / height },
        ),
      );
    }
  });
}

/** Adds what lies on a patient and does not belong to the anatomy: cables, electrodes, buttons, a zip. */
export function addClutter(
  projection: Projection,
  place: Transform,
  random: Random,
  area: { centre: Point; radii: Point },
): void {
  const spot = (): Point => [
    area.centre[0] + random.between(-1, 1) * area.radii[0],
    area.centre[1] + random.between(-1, 1) * area.radii[1],
  ];
  const kinds = random.whole(0, 2);
  for (let i = 0; i < kinds; i++) {
    const [x, y] = spot();
    const kind = random.pick(['cable', 'electrode', 'button', 'band', 'calcification']);
    projection.add('smooth', compose(place, compose(translation(x, y), rotation(random.between(0, 360)))), (shapes) => {
      if (kind === 'cable') {
        const bend = random.normal(0, 40);
        shapes.tube(
          [
            [-150, bend, 1.1],
            [-60, 0, 1.1],
            [20, bend * 0.3, 1.1],
            [140, -bend, 1.1],
          ],
          { shell: 0.18, inner: 0.18 },
        );
      } else if (kind === 'electrode') shapes.tube([[0, 0, random.between(5, 9), 2]], { shell: 0.06, inner: 0.02 });
      else if (kind === 'button') shapes.tube([[0, 0, random.between(3, 7)]], metal);
      else if (kind === 'band')
        shapes.tube(
          [
            [-200, 0, random.between(6, 16)],
            [200, random.normal(0, 20), 10],
          ],
          { shell: 0.006, inner: 0.006 },
        );
      else
        shapes.tube(
          [
            [0, 0, 1.6],
            [random.normal(0, 10), 12, 1.4],
            [random.normal(0, 10), 26, 1.5],
          ],
          { shell: 0.05, inner: 0.05 },
        );
    });
  }
}
