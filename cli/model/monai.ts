import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { Graph } from '../../lib/onnx/session.ts';
import { firstIssue } from '../../lib/platform/issue.ts';
import type { SegmentationModelCard } from '../../schemas/model.ts';
import { MonaiMetadata, type MonaiTensor } from '../../schemas/monai.ts';
import type { Structure } from '../../schemas/volume.ts';
import { ModelFolderError } from './error.ts';
import { MonaiConfig } from './monai-config.ts';
import { readPreprocessing } from './monai-transforms.ts';

/** What a bundle says, as fields of a card, and sentences on what it does not say or says otherwise. */
export interface BundleCard {
  readonly fields: Record<string, unknown>;
  readonly notes: readonly string[];
}

const COLOURS = ['#e6194b', '#3cb44b', '#4363d8', '#ffe119', '#f58231', '#911eb4', '#42d4f4', '#f032e6', '#bfef45'];
/** Said of structures whose bundle has no codes. */
const CATEGORY = { value: '91723000', scheme: 'SCT', meaning: 'Anatomical Structure' };
const TYPE = { value: '85756007', scheme: 'SCT', meaning: 'Tissue' };

/** Whether a folder is a MONAI bundle. */
export function isBundle(folder: string): boolean {
  return existsSync(path.join(folder, 'configs/metadata.json'));
}

/**
 * Reads a bundle's metadata and inference configuration as a card: what each means there it means here.
 *
 * @param graph of its ONNX weights
 * @param given fields that the person wrote; what they settle is not asked of the bundle
 * @throws {ModelFolderError} something has no equal in Overread
 */
export function readBundle(folder: string, graph: Graph, given: Readonly<Record<string, unknown>>): BundleCard {
  const metadata = parseFile(path.join(folder, 'configs/metadata.json'), MonaiMetadata);
  const config = new MonaiConfig(readInference(folder));
  const { inputs, outputs } = metadata.network_data_format;
  const notes: string[] = [];
  const output = first(outputs, 'network_data_format.outputs');
  const activation = activationOf(config, notes);
  const fields: Record<string, unknown> = {
    name: slug(metadata.name ?? path.basename(path.resolve(folder))),
    version: metadata.version,
    title: metadata.task || metadata.name || path.basename(path.resolve(folder)),
    kind: 'segmentation',
    licence: licenceOf(folder) ?? metadata.copyright ?? 'not stated in the bundle',
    intendedUse: metadata.intended_use ?? metadata.description,
    statement: 'A model by others, imported from a MONAI bundle and not validated here.',
    output: { name: onlyOutput(graph, output), activation, channels: output.num_channels },
    structures: structuresOf(output, activation),
    limitations: [],
  };
  if (given.input === undefined)
    fields.input = inputOf(config, first(inputs, 'network_data_format.inputs'), graph, notes);
  if (given.window === undefined) fields.window = windowOf(config);
  if (given.structures === undefined) {
    notes.push(
      'The bundle has no codes: each structure is coded as anatomical structure, tissue. A model.json in its folder with `structures` says better.',
    );
  }
  return { fields, notes };
}

function readInference(folder: string): unknown {
  for (const name of ['inference.json', 'inference.yaml', 'inference.yml']) {
    const file = path.join(folder, 'configs', name);
    // JSON is YAML, too.
    if (existsSync(file)) return parseYaml(readFileSync(file, 'utf8'));
  }
  throw new ModelFolderError(
    `${folder}: a MONAI bundle has configs/inference.json, which says how the model is run; this has none.`,
  );
}

function inputOf(
  config: MonaiConfig,
  input: MonaiTensor,
  graph: Graph,
  notes: string[],
): SegmentationModelCard['input'] {
  const transforms = config.transforms(
    'preprocessing',
    'preprocessing_transforms',
    'inference_transforms',
    'test_transforms',
  );
  if (transforms === undefined) {
    throw new ModelFolderError(
      'configs/inference.json: a chain `preprocessing` with its `transforms` is looked for; there is none.',
    );
  }
  const { normalisation, acrossChannels, orientation, spacing, size, cropMargin } = readPreprocessing(transforms);
  if (acrossChannels && input.num_channels > 1) {
    throw new ModelFolderError(
      'The bundle normalises all channels by the same numbers (`channel_wise` is false); Overread each by its own.',
    );
  }
  if (orientation === undefined) {
    notes.push(
      'The bundle turns no volume (`Orientationd`), so its axes could point anywhere: RAS is taken, as in most data sets.',
    );
  }
  if (cropMargin !== undefined) notes.push('What is cut away as background is found by Overread’s own rule.');
  const [name] = graph.inputs;
  return {
    name: name?.name ?? '',
    channels: Array.from({ length: input.num_channels }, (_, channel) => ({
      input: slug(input.channel_def[channel] ?? `channel-${channel}`),
      description: input.channel_def[channel] ?? '',
      normalisation: normalisation ?? { kind: 'none' },
    })),
    orientation: orientation ?? 'RAS',
    spacing,
    size,
    cropMarginMm:
      cropMargin === undefined ? null : Math.max(...cropMargin.map((margin, axis) => margin * (spacing?.[axis] ?? 1))),
    // MONAI's tensors are [channel, x, y, z].
    layout: 'ijk',
  };
}

const Inferer = z.looseObject({
  roi_size: z.union([z.int().positive(), z.array(z.int().positive()).length(3)]),
  overlap: z.union([z.number(), z.tuple([z.number()]), z.array(z.number())]).default(0.25),
  mode: z.enum(['constant', 'gaussian']).default('constant'),
  sigma_scale: z.literal(0.125).default(0.125),
  padding_mode: z.literal('constant').default('constant'),
  cval: z.literal(0).default(0),
});

function windowOf(config: MonaiConfig): SegmentationModelCard['window'] {
  const [sliding, ...more] = config.components('SlidingWindowInferer');
  if (sliding === undefined && config.components('SimpleInferer').length > 0) return null;
  if (sliding === undefined || more.length > 0) {
    throw new ModelFolderError(
      `configs/inference.json: one SlidingWindowInferer or SimpleInferer is looked for; there are ${more.length + (sliding ? 1 : 0)}.`,
    );
  }
  const parsed = Inferer.safeParse(sliding);
  if (!parsed.success)
    throw new ModelFolderError(`The bundle's SlidingWindowInferer cannot be done alike: ${firstIssue(parsed.error)}.`);
  const { roi_size: roi, overlap, mode } = parsed.data;
  const [i = 1, j = i, k = i] = typeof roi === 'number' ? [roi] : roi;
  const shares = new Set(typeof overlap === 'number' ? [overlap] : overlap);
  const [share = 0.25] = shares;
  if (shares.size > 1)
    throw new ModelFolderError(
      'The bundle’s windows overlap by another share along each axis; Overread has one for all.',
    );
  return { size: [i, j, k], overlap: share, weights: mode };
}

/** By what the bundle does with the network's output. */
function activationOf(config: MonaiConfig, notes: string[]): 'softmax' | 'sigmoid' {
  const names = (...classes: string[]) => classes.flatMap((each) => [each, `${each}d`, `${each}D`, `${each}Dict`]);
  const tidying = config.components(...names('KeepLargestConnectedComponent', 'FillHoles', 'RemoveSmallObjects'));
  if (tidying.length > 0)
    notes.push(
      'The bundle tidies what it finds (largest component, holes, small objects): the pipeline’s step postprocess does that, by its parameters.',
    );
  const threshold = config
    .components(...names('AsDiscrete'))
    .some((each) => typeof each.threshold === 'number' || each.threshold_values === true);
  const sigmoid = config.components(...names('Activations')).some(({ sigmoid: on }) => on === true);
  if (sigmoid || threshold) {
    notes.push('Where channels overlap, a voxel gets the structure of the later one.');
    return 'sigmoid';
  }
  return 'softmax';
}

function structuresOf(
  { num_channels: channels, channel_def: names }: MonaiTensor,
  activation: 'softmax' | 'sigmoid',
): Structure[] {
  const labels = Array.from({ length: channels }, (_, channel) => channel).slice(activation === 'softmax' ? 1 : 0);
  return labels.map((channel, at) => {
    const title = names[channel] ?? `Structure ${at + 1}`;
    const label = activation === 'softmax' ? channel : channel + 1;
    return {
      label,
      name: slug(title),
      title,
      category: CATEGORY,
      type: TYPE,
      colour: COLOURS[at % COLOURS.length] ?? '#ffffff',
    };
  });
}

/** The graph's output that has the channels which the bundle promises. */
function onlyOutput(graph: Graph, { num_channels: channels }: MonaiTensor): string {
  const fitting = graph.outputs.filter(
    ({ shape }) => shape.length === 5 && (typeof shape[1] !== 'number' || shape[1] === channels),
  );
  const [output] = fitting;
  if (output !== undefined && fitting.length === 1) return output.name;
  const found = graph.outputs.map(({ name, shape }) => `${name} [${shape}]`).join(', ');
  throw new ModelFolderError(
    `The ONNX graph is looked through for one output [1, ${channels}, …] of five axes; it has ${found}.`,
  );
}

function first<T>(entries: Readonly<Record<string, T>>, where: string): T {
  const [only, ...more] = Object.values(entries);
  if (only !== undefined && more.length === 0) return only;
  throw new ModelFolderError(
    `configs/metadata.json: ${where} names one tensor; here it names ${more.length + (only === undefined ? 0 : 1)}.`,
  );
}

function licenceOf(folder: string): string | undefined {
  const file = ['LICENSE', 'docs/LICENSE', 'LICENSE.txt'].map((name) => path.join(folder, name)).find(existsSync);
  return file === undefined ? undefined : readFileSync(file, 'utf8').trim().split('\n')[0]?.trim();
}

/** Words as a name of lower-case letters, digits and hyphens. */
function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 63) || 'unnamed'
  );
}

function parseFile<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(parseYaml(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new ModelFolderError(`${file}: ${firstIssue(parsed.error)}.`);
}
