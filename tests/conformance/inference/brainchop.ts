import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { REAL_DATA } from '../../site.ts';

/** A network of brainchop (MIT), and what it counts on the T1 of `00-brain-t1-nifti`: voxels of background, white, grey. */
export interface Brainchop {
  readonly name: string;
  readonly normalisation: Readonly<Record<string, unknown>>;
  readonly counts: readonly [number, number, number];
}

const MIN_MAX = { kind: 'percentile', low: 0, high: 100 };

export const BRAINCHOP: readonly Brainchop[] = [
  { name: 'model5_gw_ae', normalisation: MIN_MAX, counts: [15_523_464, 518_540, 735_212] },
  { name: 'model11_gw_ae', normalisation: MIN_MAX, counts: [15_550_310, 493_302, 733_604] },
  {
    name: 'model20chan3cls',
    normalisation: { kind: 'percentile', low: 5, high: 95, clip: false },
    counts: [15_470_254, 595_943, 711_019],
  },
];

const networkOf = (name: string) => path.join(REAL_DATA, 'models/brainchop', name, `${name}.onnx`);

/** Whether the networks and the T1 are there. */
export const HAS_BRAINCHOP = BRAINCHOP.every(({ name }) => existsSync(networkOf(name)));

/** A name that a card may have. */
export const modelName = (name: string) => name.replaceAll('_', '-');

/** Makes a folder that can be imported: the ONNX file and a card, whose digest is left to the import. */
export function writeModelFolder(folder: string, { name, normalisation }: Brainchop): void {
  mkdirSync(folder, { recursive: true });
  copyFileSync(networkOf(name), path.join(folder, `${name}.onnx`));
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(cardOf(name, normalisation), null, 2));
}

function cardOf(name: string, normalisation: Brainchop['normalisation']) {
  const structure = (label: number, title: string, colour: string, code: string) => ({
    label,
    name: title.toLowerCase().replace(' ', '-'),
    title,
    category: { value: '91723000', scheme: 'SCT', meaning: 'Anatomical Structure' },
    type: { value: code, scheme: 'SCT', meaning: title },
    colour,
  });
  return {
    name: modelName(name),
    version: '1.0.0',
    title: `Grey and white matter (${name})`,
    kind: 'segmentation',
    licence: 'MIT',
    intendedUse: 'Tests of imported models.',
    statement: 'A network of brainchop, not validated here.',
    input: {
      name: 'input',
      channels: [{ input: 't1', description: 'T1 of the whole head', normalisation }],
      orientation: 'LIA',
      spacing: [1, 1, 1],
      size: [256, 256, 256],
      layout: 'ijk',
    },
    window: null,
    output: { name: 'logits', activation: 'softmax', channels: 3 },
    structures: [
      structure(1, 'White matter', '#ffffff', '389080008'),
      structure(2, 'Grey matter', '#888888', '389081007'),
    ],
  };
}
