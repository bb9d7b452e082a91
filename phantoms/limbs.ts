import { compose, identity, type Point, rotation, smooth, type Transform, translation } from './geometry.ts';
import { metal } from './implants.ts';
import type { Material, Projection } from './projection.ts';
import type { Random } from './random.ts';
import { fat, muscle } from './tissue.ts';

const bone: Material = { shell: 0.034, inner: 0.008 };
const flesh: Material = { shell: fat, inner: muscle };

/** Adds a hand or a foot from the front, fingers up; the origin is the middle of the metacarpals. */
export function addHand(projection: Projection, random: Random): void {
  const spread = random.between(6, 14);
  const size = random.between(0.85, 1.4);
  for (let finger = 0; finger < 5; finger++) {
    const thumb = finger === 0;
    const turn = thumb ? -38 : (finger - 2.3) * spread;
    const place = compose(translation((finger - 2) * 15 * size, thumb ? 22 * size : 0), rotation(turn));
    const lengths = (thumb ? [44, 32, 24] : [62 - Math.abs(finger - 2) * 4, 42, 27, 18]).map((length) => length * size);
    let y = 30 * size;
    projection.add('smooth', place, (shapes) =>
      shapes.tube(
        [
          [0, y, 12 * size, 2],
          [0, y - lengths.reduce((sum, length) => sum + length + 2, 0), 8 * size, 2],
        ],
        flesh,
      ),
    );
    for (const [i, length] of lengths.entries()) {
      const radius = (5.2 - i * 0.8) * size;
      const top = y - length;
      const shaft = y;
      projection.add('bone', place, (shapes) => {
        shapes.tube(
          [
            [0, shaft - radius * 1.4, radius * 1.35, 1],
            [0, shaft - length * 0.5, radius * 0.9, 2],
            [0, top + radius * 1.2, radius * 1.25, 1],
          ],
          bone,
        );
      });
      y = top - 2;
    }
  }
  for (let i = 0; i < 8; i++) {
    projection.add('bone', identity, (shapes) =>
      shapes.tube(
        [[((i % 4) - 1.4) * 14 * size, (44 + Math.floor(i / 4) * 14) * size, random.between(6.5, 8.5) * size, 1]],
        bone,
      ),
    );
  }
  projection.add('smooth', identity, (shapes) =>
    shapes.tube(
      [
        [0, 10, 38 * size, 2],
        [0, 80 * size, 26 * size, 3],
        [0, 300, 34 * size, 4],
      ],
      { shell: fat * 0.6, inner: muscle * 0.6 },
    ),
  );
  projection.add('bone', identity, (shapes) =>
    shapes.tube(
      [
        [-10 * size, 76 * size, 13 * size, 1.2],
        [-10 * size, 105 * size, 8 * size, 2.5],
        [-12, 300, 7 * size, 3],
      ],
      bone,
    ),
  );
  projection.add('bone', identity, (shapes) =>
    shapes.tube(
      [
        [17 * size, 76 * size, 7 * size, 1.2],
        [16 * size, 110 * size, 6 * size, 2.5],
        [14, 300, 6 * size, 3],
      ],
      bone,
    ),
  );
  if (random.chance(0.2))
    projection.add('smooth', identity, (shapes) =>
      shapes.tube(
        [
          [-10, 70, 2.5],
          [-10, 130, 2.5],
        ],
        metal,
      ),
    );
}

/** Adds one or two knees (or elbows, for what a network makes of them) from the front. */
export function addKnees(projection: Projection, random: Random): void {
  const both = random.chance(0.3);
  const prosthesis = random.chance(0.25);
  for (const side of both ? [-1, 1] : [1]) {
    const place = compose(translation(both ? side * 85 : 0, 0), { ...rotation(random.normal(0, 4)), a: side });
    const size = random.normal(1, 0.08);
    const s = (x: number): number => x * size;
    projection.add('smooth', place, (shapes) =>
      shapes.tube(
        [
          [0, -330, s(75), 14],
          [0, -60, s(58), 10],
          [0, 40, s(55), 8],
          [4, 330, s(46), 8],
        ],
        flesh,
      ),
    );
    projection.add('bone', place, (shapes) => {
      shapes.tube(
        [
          [8, -330, s(14), 5],
          [4, -90, s(16), 4],
          [0, -45, s(28), 1.5],
        ],
        bone,
      );
      for (const condyle of [-1, 1])
        shapes.tube(
          [
            [s(condyle * 16), -45, s(20), 1.2],
            [s(condyle * 20), s(-22), s(18), 1.2],
          ],
          bone,
        );
    });
    projection.add('bone', place, (shapes) => {
      shapes.tube(
        [
          [s(-30), s(9), s(8), 1.5],
          [s(30), s(9), s(8), 1.5],
        ],
        bone,
      );
      shapes.tube(
        [
          [0, s(20), s(33), 1.2],
          [0, s(70), s(16), 4],
          [0, 330, s(14), 5],
        ],
        bone,
      );
    });
    projection.add('bone', place, (shapes) =>
      shapes.tube(
        [
          [s(34), s(30), s(9), 1],
          [s(30), s(70), s(6), 2],
          [s(28), 330, s(6), 3],
        ],
        bone,
      ),
    );
    projection.add('bone', place, (shapes) => shapes.tube([[0, s(-48), s(18), 1]], { shell: 0.01, inner: 0.004 }));
    if (!prosthesis) continue;
    projection.add('smooth', place, (shapes) => {
      for (const condyle of [-1, 1]) shapes.tube([[s(condyle * 18), s(-26), s(17)]], { shell: 0.09, inner: 0.09 });
      shapes.tube(
        [
          [s(-33), s(8), s(3)],
          [s(33), s(8), s(3)],
        ],
        metal,
      );
      shapes.tube(
        [
          [0, s(10), s(8)],
          [0, s(50), s(6)],
        ],
        metal,
      );
    });
  }
}

/** Adds a shoulder from the front: a ball and a shaft, as a hip has. */
export function addShoulder(projection: Projection, random: Random): void {
  const head: Point = [35, 0];
  const arm = random.normal(0, 14);
  const place: Transform = compose(translation(head[0], head[1]), rotation(-arm));
  projection.add('smooth', identity, (shapes) => {
    shapes.tube(
      [
        [-160, 60, 140, 12],
        [-60, 20, 80, 10],
        [30, 10, 50, 8],
      ],
      flesh,
    );
    shapes.tube(
      [
        [35, 0, 48, 8],
        [45, 280, 42, 8],
      ],
      flesh,
    );
  });
  projection.add('smooth', identity, (shapes) =>
    shapes.tube(
      [
        [-130, -20, 55],
        [-125, 100, 80],
      ],
      { shell: -0.011, inner: -0.011 },
    ),
  );
  for (let level = 0; level < 6; level++) {
    projection.add('bone', identity, (shapes) =>
      shapes.tube(
        [
          [-180, -70 + level * 34, 5, 1],
          [-80, -60 + level * 36, 5, 1],
          [-45, -20 + level * 40, 5, 1],
          [-110, 40 + level * 40, 5, 1],
        ],
        bone,
      ),
    );
  }
  projection.add('bone', identity, (shapes) =>
    shapes.plate(
      smooth([
        [-95, -45],
        [-5, -25],
        [2, 20],
        [-20, 35],
        [-60, 120],
        [-80, 60],
      ]),
      { thickness: 9, edge: 5, shell: 1.5 },
      bone,
    ),
  );
  projection.add('bone', identity, (shapes) => {
    shapes.tube(
      [
        [4, -22, 5, 1.5],
        [7, 0, 4, 1.5],
        [2, 22, 5, 1.5],
      ],
      bone,
    );
    shapes.tube(
      [
        [-60, -50, 6, 1.5],
        [10, -48, 6, 1.5],
        [38, -38, 8, 1.5],
      ],
      bone,
    );
  });
  projection.add('bone', identity, (shapes) =>
    shapes.tube(
      [
        [-190, -65, 7, 2],
        [-90, -72, 6, 2],
        [12, -52, 7, 2],
      ],
      bone,
    ),
  );
  if (random.chance(0.2)) {
    projection.add('smooth', place, (shapes) => {
      shapes.tube([[-4, 0, 22]], { shell: 0.08, inner: 0.08 });
      shapes.tube(
        [
          [0, 5, 8],
          [8, 60, 5],
          [8, 110, 4],
        ],
        metal,
      );
    });
  } else projection.add('bone', place, (shapes) => shapes.tube([[-2, 0, 23, 1]], bone));
  projection.add('bone', place, (shapes) => {
    shapes.tube(
      [
        [14, 2, 14, 1],
        [8, 38, 14, 2],
      ],
      bone,
    );
    shapes.tube(
      [
        [8, 34, 14, 2.5],
        [8, 90, 11, 4],
        [6, 320, 10.5, 4],
      ],
      bone,
    );
  });
}
