import { identity, type Point, smooth, type Transform, translation } from './geometry.ts';
import { metal } from './implants.ts';
import { addVertebra } from './pelvis.ts';
import type { Material, Projection, TubePoint } from './projection.ts';
import type { Random } from './random.ts';
import { fat, gas, muscle } from './tissue.ts';

const rib: Material = { shell: 0.024, inner: 0.004 };

/** Adds a chest from the front; the origin is its middle. */
export function addChest(projection: Projection, random: Random): void {
  const width = random.between(140, 180);
  const layer = random.between(8, 30);
  projection.add('smooth', identity, (shapes) => {
    const trunk: Point[] = [
      [-60, -300],
      [60, -300],
      [70, -190],
      [width, -150],
      [width * 1.05, 0],
      [width, 320],
      [-width, 320],
      [-width * 1.05, 0],
      [-width, -150],
      [-70, -190],
    ];
    shapes.plate(
      trunk,
      { thickness: random.between(160, 240), edge: 110, shell: layer },
      { shell: fat, inner: muscle },
    );
  });
  for (const side of [-1, 1]) addLung(projection, side, width, random);
  projection.add('smooth', identity, (shapes) =>
    shapes.tube(
      [
        [-8, -130, 26],
        [6, -40, 32],
        [random.between(25, 45), 50, random.between(48, 70)],
      ],
      { shell: 0.011, inner: 0.011 },
    ),
  );
  for (let level = 0; level < 14; level++) {
    addVertebra(
      projection,
      identity,
      { at: [0, -230 + level * 31], width: 30 + level * 1.4, height: 21 + level * 0.5, density: 0.7 },
      random,
    );
  }
  for (const side of [-1, 1]) {
    for (let level = 0; level < 10; level++) addRib(projection, side, width, level, random);
    projection.add('bone', identity, (shapes) =>
      shapes.tube(
        [
          [side * 20, -160, 8, 1.5],
          [side * 80, -175, 6, 1.5],
          [side * (width - 10), -195, 6, 1.5],
        ],
        rib,
      ),
    );
    addScapula(projection, side, width);
  }
  if (random.chance(0.25)) addPacemaker(projection, width, random);
}

function addLung(projection: Projection, side: number, width: number, random: Random): void {
  const clear = random.between(0.4, 0.75);
  const air = { shell: gas * clear, inner: gas * clear };
  projection.add('smooth', identity, (shapes) => {
    shapes.tube(
      [
        [side * 55, -150, 36],
        [side * 70, -60, 56],
        [side * (width - 78), 60, 68],
        [side * (width - 76), 95, 62],
      ],
      air,
    );
  });
  for (let i = 0; i < 14; i++) {
    const [x, y] = [side * random.between(25, 45), random.between(-60, 60)];
    const end: TubePoint = [x + side * random.between(20, 80), y + random.normal(10, 45), 1];
    projection.add('smooth', identity, (shapes) => shapes.tube([[x, y, 3], end], { shell: 0.02, inner: 0.02 }));
  }
}

function addRib(projection: Projection, side: number, width: number, level: number, random: Random): void {
  const y = -190 + level * 33;
  const reach = (width - 14) * Math.min(1, 0.62 + level * 0.07);
  const drop = 28 + level * 4 + random.normal(0, 3);
  projection.add('bone', identity, (shapes) => {
    shapes.tube(
      [
        [side * 16, y, 4, 1],
        [side * reach * 0.6, y - 4, 5, 1],
        [side * reach * 0.95, y + drop * 0.5, 5, 1],
        [side * reach, y + drop, 5, 1],
      ],
      rib,
    );
    shapes.tube(
      [
        [side * reach, y + drop, 5, 1],
        [side * reach * 0.8, y + drop * 1.9, 5, 1],
        [side * reach * 0.45, y + drop * 2.6, 4.5, 1],
      ],
      { shell: 0.015, inner: 0.002 },
    );
  });
}

function addScapula(projection: Projection, side: number, width: number): void {
  const outline = smooth([
    [side * (width - 60), -170],
    [side * width, -185],
    [side * (width - 5), -150],
    [side * (width - 45), -20],
  ]);
  projection.add('bone', identity, (shapes) => shapes.plate(outline, { thickness: 7, edge: 4, shell: 1.2 }, rib));
  projection.add('bone', identity, (shapes) =>
    shapes.tube(
      [
        [side * (width + 18), -168, 23, 1.2],
        [side * (width + 30), -120, 13, 3],
        [side * (width + 45), 60, 11, 4],
      ],
      { shell: 0.03, inner: 0.007 },
    ),
  );
}

function addPacemaker(projection: Projection, width: number, random: Random): void {
  const x = width * random.between(0.4, 0.6);
  projection.add('smooth', translation(x, -130), (shapes) => {
    shapes.tube(
      [
        [-6, 0, 16],
        [8, 4, 15],
      ],
      { shell: 0.05, inner: 0.05 },
    );
    shapes.tube(
      [
        [0, -14, 1.2],
        [-30, -50, 1.2],
        [-x, -20, 1.2],
        [-x + 20, 190, 1.4],
      ],
      metal,
    );
  });
}

/** Adds a chest from the side, a person's or an animal's; the origin is its middle, the spine at +x. */
export function addLateralChest(projection: Projection, place: Transform, random: Random): void {
  const depth = random.between(95, 130);
  const material = { shell: fat, inner: muscle };
  projection.add('smooth', place, (shapes) =>
    shapes.tube(
      [
        [10, -330, depth * 0.7, 14],
        [0, -100, depth, 16],
        [0, 120, depth * 1.05, 18],
        [-5, 420, depth, 18],
      ],
      material,
    ),
  );
  const air = { shell: gas * 0.55, inner: gas * 0.55 };
  projection.add('smooth', place, (shapes) =>
    shapes.tube(
      [
        [15, -130, depth * 0.5],
        [0, -30, depth * 0.78],
        [20, 70, depth * 0.7],
        [50, 130, depth * 0.4],
      ],
      air,
    ),
  );
  projection.add('smooth', place, (shapes) =>
    shapes.tube(
      [
        [-40, 30, 50],
        [-55, 70, 42],
      ],
      { shell: 0.012, inner: 0.012 },
    ),
  );
  for (let level = 0; level < 18; level++) {
    const y = -260 + level * 34;
    const x = depth * 0.72 + 12 * Math.sin(level / 3);
    addVertebra(projection, place, { at: [x, y], width: 30, height: 26, density: 0.9 }, random);
    if (level > 12) continue;
    projection.add('bone', place, (shapes) =>
      shapes.tube(
        [
          [x, y, 4, 1],
          [x * 0.4, y + 30, 4.5, 1],
          [-depth * 0.5, y + 75, 4, 1],
          [-depth * 0.75, y + 80, 4, 1],
        ],
        rib,
      ),
    );
  }
  projection.add('bone', place, (shapes) =>
    shapes.tube(
      [
        [-depth * 0.85, -120, 6, 1.5],
        [-depth * 0.9, 60, 5, 1.5],
      ],
      rib,
    ),
  );
  for (let loop = 0; loop < random.whole(0, 5); loop++) {
    projection.add('smooth', place, (shapes) =>
      shapes.tube([[random.normal(-10, 40), random.between(180, 360), random.between(8, 28)]], {
        shell: gas * 0.7,
        inner: gas * 0.7,
      }),
    );
  }
}
