import { z } from 'zod';
import { newNifti } from '../../lib/imaging/nifti.ts';
import type { Voxels } from '../../lib/imaging/volume.ts';
import type { OutputTensor, Session } from '../../lib/onnx/session.ts';
import { WarmSessions } from '../../lib/onnx/warm.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import type { SegmentationModelCard } from '../../schemas/model.ts';
import { PreparedVolume, type Segmentation } from '../../schemas/volume.ts';
import { cardOf, defineOperator, jsonBytes, readJson, type StepContext } from '../operator.ts';
import { labelSlice } from './labels.ts';
import { requireInScope, ScopeMean } from './scope.ts';
import { type Predict, slide } from './slide.ts';
import { openTensor, type TensorSource } from './source.ts';
import { type Sliding, windowsOver } from './windows.ts';

/** Between two lines of progress in the log, ms. */
const PROGRESS_MS = 5_000;

/** Windows of one volume that the model works on at once: faster than all threads on one, for twice its memory. */
const LANES = 2;

/**
 * Largest window, or tensor as a whole, that is worked on slice by slice (`flat`), in voxels: of larger ones what is between the
 * operations would take gigabytes.
 */
const MOST_FLAT_VOXELS = 128 * 128 * 96;

const sessions = new WarmSessions();

export const inferSegmentation = defineOperator({
  name: 'infer-segmentation',
  version: '1.1.0',
  description: 'Finds structures in a volume with an ONNX segmentation model, window by window.',
  parameters: z.object({}),
  inputs: {
    prepared: 'PreparedVolume as JSON, that preprocess made.',
    tensors: 'The tensor beside it: 32-bit little-endian floats [channel, k, j, i].',
  },
  models: { model: 'A segmentation model: its card says window, layout, activation and structures.' },
  outputs: {
    segmentation: 'Segmentation as JSON: structures, model and what it was taken for, on the grid of the tensor.',
    labels: 'The label map beside it, an uncompressed NIfTI-1 of unsigned bytes.',
  },
  async run(context) {
    const prepared = await readJson(context.inputFile('prepared'), PreparedVolume);
    const model = context.model('model');
    const card = await cardOf(model, 'segmentation');
    const sliding = slidingOf(card, prepared);
    const scope = card.scope === null ? undefined : new ScopeMean(card.scope.classes);
    const windows = windowsOver(prepared.grid.size, sliding).length;
    const [columns, rows, slices] = sliding.size;
    const flat = columns * rows * slices <= MOST_FLAT_VOXELS;
    const session = await sessions.of(model, { lanes: Math.min(LANES, windows), flat });
    context.ranOn(session.device);
    const predict = predictorOf({ context, card, session, sliding, scope, windows });
    const { layout } = card.input;
    const { channels } = card.output;
    const { bytes, values: labels } = newNifti(prepared.grid, 'uint8');
    const slice = prepared.grid.size[0] * prepared.grid.size[1];
    const source = await sourceOf(context, prepared, card);
    try {
      for await (const { k, sums } of slide({ source, sliding, layout, channels, predict, atOnce: session.lanes })) {
        labelSlice(card, sums, labels.subarray(k * slice, (k + 1) * slice));
      }
    } finally {
      await source.close();
    }

    const found = scope?.mean() ?? null;
    if (found !== null) requireInScope(card, found);
    const { name, version, sha256, title, structures } = card;
    const segmentation: Segmentation = {
      file: 'labels.nii',
      grid: prepared.grid,
      structures,
      reference: null,
      model: { name, version, sha256, title },
      scope: found,
      steps: [{ does: 'infer', with: { ...sliding, windows } }],
    };
    await Promise.all([
      context.output('labels', segmentation.file, bytes, 'application/octet-stream'),
      context.output('segmentation', 'segmentation.json', jsonBytes(segmentation), 'application/json'),
    ]);
    return { windows, voxels: countVoxels(labels, structures), ...(found === null ? {} : { scope: found }) };
  },
  close: () => sessions.close(),
});

/** @throws {ProblemError} the tensor is not the one that the list or the card promises */
async function sourceOf(
  context: StepContext,
  { file, grid, channels }: PreparedVolume,
  card: SegmentationModelCard,
): Promise<TensorSource> {
  if (channels.length !== card.input.channels.length) {
    throw unprocessable(
      `Model ${card.name} ${card.version} reads ${card.input.channels.length} channels; ${channels.length} were prepared.`,
    );
  }
  const tensor = context.input('tensors').find(({ name }) => name === file);
  if (tensor === undefined) throw unprocessable(`${file} is not among the input's files.`);
  const count = channels.length * grid.size[0] * grid.size[1] * grid.size[2];
  if (tensor.size !== 4 * count) {
    throw unprocessable(`${file} has ${tensor.size} bytes; ${count} values of 4 bytes were promised.`);
  }
  return openTensor(tensor, channels.length, grid.size, context.signal);
}

/** The card's window, or the tensor as a whole. */
function slidingOf({ window }: SegmentationModelCard, { grid }: PreparedVolume): Sliding {
  return window ?? { size: grid.size, overlap: 0, weights: 'constant' };
}

interface Prediction {
  readonly context: StepContext;
  readonly card: SegmentationModelCard;
  readonly session: Session;
  readonly sliding: Sliding;
  readonly scope: ScopeMean | undefined;
  /** How many there are in all, for progress. */
  readonly windows: number;
}

/** Asks the model about a window; counts what it says of the scope, and tells how far it is. */
function predictorOf({ context, card, session, sliding, scope, windows }: Prediction): Predict {
  const [i, j, k] = sliding.size;
  const axes = card.input.layout === 'kji' ? [k, j, i] : [i, j, k];
  let done = 0;
  let told = performance.now();
  return async (values, { foreground }) => {
    const dims = [1, card.input.channels.length, ...axes];
    const outputs = await session.run({ input: card.input.name, values, dims }, context.signal);
    done++;
    if (performance.now() - told > PROGRESS_MS) {
      told = performance.now();
      context.log.info({ done, windows }, 'windows done');
    }
    if (card.scope !== null) {
      const classes = [1, card.scope.classes.length];
      scope?.add(outputOf(outputs, card, card.scope.output, classes), foreground);
    }
    return outputOf(outputs, card, card.output.name, [1, card.output.channels, ...axes]);
  };
}

/** @throws {ProblemError} the model has no such output, or one of another shape than its card promises */
function outputOf(
  outputs: Readonly<Record<string, OutputTensor>>,
  { name, version }: SegmentationModelCard,
  wanted: string,
  dims: readonly number[],
): Float32Array {
  const output = outputs[wanted];
  if (output?.dims.join() === dims.join()) return output.values;
  const given = output === undefined ? 'has none of that name' : `gives [${output.dims}]`;
  throw unprocessable(`The card of model ${name} ${version} promises an output \`${wanted}\` [${dims}]; it ${given}.`);
}

function countVoxels(labels: Voxels, structures: Segmentation['structures']): Record<string, number> {
  const counts = new Uint32Array(256);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return Object.fromEntries(structures.map(({ name, label }) => [name, counts[label] ?? 0]));
}
