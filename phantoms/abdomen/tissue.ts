import type { Random } from '../random.ts';

/** What a voxel of the phantom is made of, in the order of their numbers in the raw files. */
export const tissues = [
  'air',
  'table',
  'fat',
  'muscle',
  'bone',
  'marrow',
  'disc',
  'lung',
  'heart',
  'liver-left',
  'liver-right',
  'hepatic-vein',
  'portal-vein',
  'cyst-left',
  'cyst-right',
  'vena-cava',
  'aorta',
  'splanchnic-vein',
  'spleen',
  'kidney-cortex',
  'kidney-medulla',
  'gut-wall',
  'gut-content',
  'gas',
  'gallbladder',
  'pancreas',
  'nerve',
  'bladder',
  'skin',
] as const;
export type Tissue = (typeof tissues)[number];

/** Number of each tissue in a tissue map. */
export const tissueNumber: Readonly<Record<Tissue, number>> = Object.fromEntries(
  tissues.map((name, number) => [name, number]),
) as Record<Tissue, number>;

/** Time after the injection of contrast medium. */
export const phases = ['native', 'arterial', 'portal-venous'] as const;
export type Phase = (typeof phases)[number];

/** Label of each tissue in the truth: 1 left lobe, 2 right lobe, 3 vessels inside the liver, 0 all else. */
export const truthOfTissue: Uint8Array = Uint8Array.from(tissues, (name) => {
  if (name === 'liver-left' || name === 'cyst-left') return 1;
  if (name === 'liver-right' || name === 'cyst-right') return 2;
  return name === 'hepatic-vein' || name === 'portal-vein' ? 3 : 0;
});

/** HU of every tissue (by its number) and how much it varies from place to place. */
export interface Attenuation {
  mean: Float32Array;
  texture: Float32Array;
}

type Span = readonly [low: number, high: number];

/** What does not change with the phase: lowest and highest mean, and the texture, in HU. */
const steady: Partial<Record<Tissue, readonly [low: number, high: number, texture: number]>> = {
  air: [-1005, -990, 0],
  table: [-250, 150, 20],
  fat: [-115, -85, 8],
  bone: [250, 700, 90],
  marrow: [90, 260, 60],
  disc: [60, 110, 10],
  lung: [-880, -700, 70],
  'gut-content': [-20, 60, 25],
  gas: [-990, -850, 10],
  gallbladder: [-3, 25, 4],
  nerve: [15, 45, 5],
  bladder: [-3, 20, 3],
  skin: [-20, 60, 10],
};

/** Means by phase: native, arterial, portal-venous. */
const enhancing: Partial<Record<Tissue, readonly [Span, Span, Span]>> = {
  muscle: [
    [40, 62],
    [45, 68],
    [50, 80],
  ],
  heart: [
    [32, 48],
    [150, 350],
    [110, 180],
  ],
  'vena-cava': [
    [32, 46],
    [50, 140],
    [110, 190],
  ],
  aorta: [
    [32, 48],
    [220, 420],
    [120, 200],
  ],
  'splanchnic-vein': [
    [32, 46],
    [50, 130],
    [140, 220],
  ],
  spleen: [
    [40, 56],
    [80, 150],
    [95, 145],
  ],
  'kidney-cortex': [
    [26, 40],
    [130, 230],
    [140, 220],
  ],
  'kidney-medulla': [
    [22, 36],
    [40, 90],
    [120, 200],
  ],
  'gut-wall': [
    [25, 50],
    [50, 110],
    [60, 120],
  ],
  pancreas: [
    [25, 48],
    [80, 130],
    [70, 115],
  ],
};

/** Draws HU for one patient. Fat in the liver darkens it, iron brightens it; its vessels stay what they are. */
export function drawAttenuation(random: Random, phase: Phase, liver: 'normal' | 'fatty' | 'dense'): Attenuation {
  const mean = new Float32Array(tissues.length);
  const texture = new Float32Array(tissues.length).fill(4);
  const set = (name: Tissue, hu: number, spread?: number): void => {
    mean[tissueNumber[name]] = hu;
    if (spread !== undefined) texture[tissueNumber[name]] = spread;
  };
  const phaseNumber = phases.indexOf(phase);
  for (const name of tissues) {
    const fixed = steady[name];
    if (fixed !== undefined) set(name, random.between(fixed[0], fixed[1]), fixed[2]);
    const span = enhancing[name]?.[phaseNumber];
    if (span !== undefined) set(name, random.between(...span), 5);
  }
  if (phase === 'arterial') set('spleen', mean[tissueNumber.spleen] ?? 0, 25);
  // Oral contrast medium.
  if (random.chance(0.3)) set('gut-content', random.between(80, 350), 50);
  drawLiver(random, phase, liver, set);
  return { mean, texture };
}

function drawLiver(
  random: Random,
  phase: Phase,
  liver: 'normal' | 'fatty' | 'dense',
  set: (name: Tissue, hu: number, spread?: number) => void,
): void {
  const native = { normal: random.between(50, 66), fatty: random.between(0, 45), dense: random.between(68, 90) }[liver];
  const uptake = { native: 0, arterial: random.between(4, 18), 'portal-venous': random.between(38, 62) }[phase];
  const parenchyma = native + uptake;
  for (const name of ['liver-left', 'liver-right'] as const) set(name, parenchyma, random.between(2, 6));
  for (const name of ['cyst-left', 'cyst-right'] as const) set(name, random.between(-2, 25), 3);
  if (phase === 'native') {
    for (const name of ['hepatic-vein', 'portal-vein'] as const) set(name, random.between(32, 44), 3);
  } else if (phase === 'arterial') {
    set('hepatic-vein', random.between(40, 60), 3);
    set('portal-vein', random.between(50, 120), 3);
  } else {
    const vein = parenchyma + random.between(30, 85);
    set('portal-vein', vein + random.between(-4, 12), 4);
    set('hepatic-vein', vein + random.between(-18, 6), 4);
    set('splanchnic-vein', vein + random.between(0, 15), 4);
    set('vena-cava', vein + random.between(-30, 5), 6);
  }
}
