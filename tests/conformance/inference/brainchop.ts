import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readNifti } from '../../../lib/imaging/nifti.ts';
import { type WrittenSeries, writeSeries } from '../../../phantoms/volume-dicom.ts';
import { blocksOf } from '../../documents.ts';
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

const T1 = path.join(REAL_DATA, '00-brain-t1-nifti/t1_crop.nii.gz');
const networkOf = (name: string) => path.join(REAL_DATA, 'models/brainchop', name, `${name}.onnx`);

/** Whether the networks and the T1 are there. */
export const HAS_BRAINCHOP = [T1, ...BRAINCHOP.map(({ name }) => networkOf(name))].every((file) => existsSync(file));

/** Of the model, of its pipeline and of its evaluation. */
export const nameOf = ({ name }: Brainchop) => name.replaceAll('_', '-');
export const aeTitleOf = (network: Brainchop) => nameOf(network).toUpperCase();

/**
 * Writes what docs/new-pipeline.md has people write, for another network: `<folder>/<name>/` to be imported, and the
 * pipeline and its evaluation below `<folder>/pipelines/`.
 *
 * @returns the folder that can be imported
 */
export function writeEvaluation(folder: string, network: Brainchop): string {
  const name = nameOf(network);
  const model = path.join(folder, name);
  const pipeline = path.join(folder, 'pipelines', name);
  for (const each of [model, pipeline]) mkdirSync(each, { recursive: true });
  const blocks = blocksOf('docs/new-pipeline.md').filter(({ language }) => language !== 'sh');
  const [card = '', steps = '', questions = ''] = blocks.map(({ text }) =>
    text.replaceAll('grey-white', name).replaceAll('GREY_WHITE', aeTitleOf(network)),
  );
  copyFileSync(networkOf(network.name), path.join(model, 'network.onnx'));
  const normalisation = `"normalisation": ${JSON.stringify(network.normalisation)}`;
  writeFileSync(path.join(model, 'model.json'), card.replace(/"normalisation": \{[^}]*\}/, normalisation));
  writeFileSync(path.join(pipeline, 'pipeline.yaml'), steps);
  writeFileSync(path.join(pipeline, 'evaluation.yaml'), questions);
  return model;
}

/** Writes the T1 as a series of DICOM files: it is at 1 mm in 256³ already. */
export function writeT1(folder: string): Promise<WrittenSeries> {
  const { grid, values } = readNifti(gunzipSync(readFileSync(T1)));
  return writeSeries(folder, {
    exam: { seed: 'brainchop', patient: 1, name: 'Brain', studyDate: '20260105', studyDescription: 'MR BRAIN' },
    number: 2,
    description: 'T1 MPRAGE 3D',
    bodyPart: 'HEAD',
    acquisition: { modality: 'MR', repetitionTime: 2000, echoTime: 2.5, scanningSequence: 'GR' },
    volume: { grid: { size: grid.size, affine: [...grid.affine] }, values: Uint16Array.from(values) },
  });
}
