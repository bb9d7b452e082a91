import { addChest, addLateralChest } from './chest.ts';
import { identity, rotation, translation } from './geometry.ts';
import { addHand, addKnees, addShoulder } from './limbs.ts';
import { addClutter, addLetters } from './overlay.ts';
import type { Projection } from './projection.ts';
import { type BodyPart, develop, openProjection, type Radiograph } from './radiograph.ts';
import { Random } from './random.ts';
import { addAbdomen, addSkull, addSlice, addSpine } from './trunk.ts';

/** What a hip model may be sent and must not find hips in. */
export type OtherKind =
  | 'chest'
  | 'lateral-chest'
  | 'hand'
  | 'knee'
  | 'shoulder'
  | 'skull'
  | 'spine'
  | 'abdomen'
  | 'slice'
  | 'page';

interface Subject {
  bodyPart: BodyPart;
  view: Radiograph['view'];
  laterality: Radiograph['laterality'];
  /** Width, height and the middle of what the image shows, in mm. */
  width: readonly [number, number];
  aspect: readonly [number, number];
  centre: readonly [number, number];
  add: (projection: Projection, random: Random) => void;
}

const subjects: Record<OtherKind, Subject> = {
  chest: {
    bodyPart: 'CHEST',
    view: 'PA',
    laterality: 'U',
    width: [330, 430],
    aspect: [0.85, 1.2],
    centre: [0, -20],
    add: addChest,
  },
  'lateral-chest': {
    bodyPart: 'CHEST',
    view: 'LATERAL',
    laterality: 'U',
    width: [280, 480],
    aspect: [0.8, 1.3],
    centre: [0, 20],
    add: (projection, random) =>
      addLateralChest(projection, rotation(random.pick([0, 0, 90, -90]) + random.normal(0, 6)), random),
  },
  hand: {
    bodyPart: 'HAND',
    view: 'PA',
    laterality: 'R',
    width: [170, 260],
    aspect: [1, 1.4],
    centre: [0, -10],
    add: addHand,
  },
  knee: {
    bodyPart: 'KNEE',
    view: 'AP',
    laterality: 'L',
    width: [150, 340],
    aspect: [0.9, 1.5],
    centre: [0, 0],
    add: addKnees,
  },
  shoulder: {
    bodyPart: 'SHOULDER',
    view: 'AP',
    laterality: 'L',
    width: [200, 300],
    aspect: [0.8, 1.2],
    centre: [-15, 40],
    add: addShoulder,
  },
  skull: {
    bodyPart: 'SKULL',
    view: 'AP',
    laterality: 'U',
    width: [220, 300],
    aspect: [0.9, 1.25],
    centre: [0, 10],
    add: addSkull,
  },
  spine: {
    bodyPart: 'SPINE',
    view: 'AP',
    laterality: 'U',
    width: [150, 300],
    aspect: [1, 2.2],
    centre: [0, 0],
    add: addSpine,
  },
  abdomen: {
    bodyPart: 'ABDOMEN',
    view: 'AP',
    laterality: 'U',
    width: [300, 430],
    aspect: [0.8, 1.1],
    centre: [0, 0],
    add: addAbdomen,
  },
  slice: {
    bodyPart: 'OTHER',
    view: 'AP',
    laterality: 'U',
    width: [320, 450],
    aspect: [0.8, 1.1],
    centre: [0, 0],
    add: addSlice,
  },
  page: {
    bodyPart: 'OTHER',
    view: 'AP',
    laterality: 'U',
    width: [200, 300],
    aspect: [0.7, 1.3],
    centre: [0, 0],
    add: addPage,
  },
};

export const otherKinds: readonly [OtherKind, ...OtherKind[]] = [
  'chest',
  'lateral-chest',
  'hand',
  'knee',
  'shoulder',
  'skull',
  'spine',
  'abdomen',
  'slice',
  'page',
];

/** A radiograph (or something stored as one) that shows no hip; the same seed gives the same image. */
export function otherRadiograph(
  seed: string,
  options: { kind?: OtherKind; longSide?: number; photometricInterpretation?: 'MONOCHROME1' | 'MONOCHROME2' } = {},
): Radiograph {
  const random = new Random(`other/${seed}`);
  const kind = options.kind ?? random.pick(otherKinds);
  const subject = subjects[kind];
  const width = random.between(...subject.width);
  const height = width * random.between(...subject.aspect);
  // The lower edge of an abdomen ends above the roof of the hip joints.
  const centre: [number, number] =
    kind === 'abdomen'
      ? [random.normal(0, 15), -55 - height / 2 - random.between(0, 60)]
      : [subject.centre[0] + random.normal(0, width / 16), subject.centre[1] + random.normal(0, height / 16)];
  const mirrored = random.chance(0.3);
  const turn = random.chance(0.1) ? random.pick([90, 180, -90]) : random.normal(0, 6);
  const { projection, mmPerPixel } = openProjection({
    width,
    height,
    centre,
    turn: kind === 'abdomen' ? 0 : turn,
    mirrored,
    longSide: options.longSide ?? 1600,
  });
  subject.add(projection, random);
  addClutter(projection, identity, random, { centre, radii: [width / 2, height / 2] });
  if (random.chance(0.7)) {
    const side = random.pick([-1, 1]);
    addLetters(
      projection,
      translation(centre[0] + side * width * 0.38, centre[1] + height * random.between(-0.42, 0.3)),
      side === 1 ? 'L' : 'R',
      random.between(10, 20),
    );
  }
  const { exposure: _, ...image } = develop(
    projection,
    mmPerPixel,
    random,
    options.photometricInterpretation === undefined
      ? {}
      : { photometricInterpretation: options.photometricInterpretation },
  );
  return {
    ...image,
    bodyPart: subject.bodyPart,
    view: subject.view,
    patientOrientation: subject.view === 'LATERAL' ? ['P', 'F'] : mirrored ? ['R', 'F'] : ['L', 'F'],
    laterality: subject.laterality,
    hips: [],
    partialHips: [],
  };
}

/** Lines of letters, blobs or nothing at all: a scanned page, a test exposure. */
function addPage(projection: Projection, random: Random): void {
  const lines = random.pick([0, 0, 12, 20]);
  for (let line = 0; line < lines; line++) {
    const letters = Array.from({ length: random.whole(3, 14) }, () =>
      random.pick(['L', 'R', 'P', 'A', 'T', 'E', 'X']),
    ).join('');
    addLetters(projection, translation(-110, -130 + line * 14), letters, random.between(6, 9));
  }
  for (let blob = random.whole(0, 8); blob > 0; blob--) {
    const strength = random.normal(0, 0.02);
    const at = [random.normal(0, 80), random.normal(0, 80), random.between(5, 90), random.between(0, 20)] as const;
    projection.add('smooth', identity, (shapes) =>
      shapes.tube([at, [random.normal(0, 80), random.normal(0, 80), random.between(5, 60), 3]], {
        shell: strength,
        inner: strength * random.between(0, 1),
      }),
    );
  }
}
