import type { Random } from '../random.ts';

export const contrasts = ['FLAIR', 'T1', 'T1c', 'T2', 'CT'] as const;
export type Contrast = (typeof contrasts)[number];

/** Signal of each tissue; white matter is 1. CT: (HU + 1024) / 1054. */
export interface Tissues {
  white: number;
  grey: number;
  deepGrey: number;
  fluid: number;
  /** What fills the cavity: as the ventricles', or richer in protein. */
  cavity: number;
  lesion: number;
  oedema: number;
  scar: number;
  fat: number;
  muscle: number;
  bone: number;
  marrow: number;
  vitreous: number;
  air: number;
  /** Dura, mucosa, vessels and parts of the cavity's wall after contrast agent: what is added there. */
  enhancement: number;
  /** Depth of the lesion's mottling. */
  mottling: number;
}

/** Signals of an exam: they differ from scanner to scanner, and so from exam to exam. */
export function tissuesOf(contrast: Contrast, random: Random): Tissues {
  return { ...contrastOf[contrast](random), mottling: random.between(0.45, 0.7) };
}

type Signals = Omit<Tissues, 'mottling'>;

const contrastOf: Record<Contrast, (random: Random) => Signals> = {
  FLAIR: (random) => {
    const grey = random.between(1.1, 1.35);
    const fluid = random.between(0.1, 0.3);
    const suppressed = random.chance(0.3);
    return {
      white: 1,
      grey,
      deepGrey: random.between(1.0, grey),
      fluid,
      cavity: random.chance(0.75) ? fluid * random.between(0.9, 1.4) : random.between(0.4, 1.2),
      lesion: grey * random.between(1.4, 1.7),
      oedema: grey * random.between(1.35, 1.8),
      scar: grey * random.between(1.35, 1.8),
      fat: suppressed ? random.between(0.2, 0.6) : random.between(1.3, 2.4),
      muscle: random.between(0.5, 0.9),
      bone: random.between(0.05, 0.2),
      marrow: suppressed ? random.between(0.2, 0.5) : random.between(0.6, 1.5),
      vitreous: fluid * random.between(0.8, 1.3),
      air: 0,
      enhancement: 0,
    };
  },
  T1: (random) => t1(random, 0),
  T1c: (random) => t1(random, random.between(0.5, 1.1)),
  T2: (random) => {
    const fluid = random.between(2, 3.4);
    const grey = random.between(1.2, 1.5);
    return {
      white: 1,
      grey,
      deepGrey: random.between(1.0, 1.25),
      fluid,
      cavity: fluid * random.between(0.85, 1.05),
      lesion: random.between(1.5, 2.1),
      oedema: random.between(1.6, 2.3),
      scar: random.between(1.6, 2.2),
      fat: random.between(0.5, 2.2),
      muscle: random.between(0.4, 0.7),
      bone: random.between(0.05, 0.2),
      marrow: random.between(0.3, 1.4),
      vitreous: fluid * random.between(0.9, 1.1),
      air: 0,
      enhancement: 0,
    };
  },
  CT: (random) => {
    const hu = (low: number, high: number) => (random.between(low, high) + 1024) / 1054;
    return {
      white: hu(25, 32),
      grey: hu(34, 42),
      deepGrey: hu(33, 40),
      fluid: hu(2, 10),
      cavity: hu(4, 14),
      lesion: hu(20, 34),
      oedema: hu(14, 24),
      scar: hu(16, 26),
      fat: hu(-110, -80),
      muscle: hu(45, 60),
      bone: hu(900, 1400),
      marrow: hu(200, 600),
      vitreous: hu(5, 15),
      air: 24 / 1054,
      enhancement: 0,
    };
  },
};

function t1(random: Random, enhancement: number): Signals {
  const fluid = random.between(0.15, 0.4);
  const grey = random.between(0.6, 0.88);
  return {
    white: 1,
    grey,
    deepGrey: random.between(grey, 0.95),
    fluid,
    cavity: fluid * random.between(0.9, 1.5),
    lesion: random.between(0.5, 0.8),
    oedema: random.between(0.55, 0.85),
    scar: random.between(0.6, 0.9),
    fat: random.between(0.8, 2.2),
    muscle: random.between(0.5, 0.8),
    bone: random.between(0.05, 0.2),
    marrow: random.between(0.5, 1.6),
    vitreous: fluid * random.between(0.8, 1.2),
    air: 0,
    enhancement,
  };
}
