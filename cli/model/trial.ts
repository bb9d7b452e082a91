import type { Graph, OutputTensor, Port, Session } from '../../lib/onnx/session.ts';
import type { DetectionModelCard, ModelCard, SegmentationModelCard } from '../../schemas/model.ts';
import { ModelFolderError } from './error.ts';

/** Voxels along each axis of a trial where neither card nor graph fixes them. */
const TRIAL_SIZE = 64;

/** What a trial told. */
export interface Trial {
  /** Of the input that the model was given. */
  readonly dims: readonly number[];
  /** Time of one such input on this machine, ms, the model warm. */
  readonly ms: number;
}

/**
 * Checks a card against its graph, and runs the model once on random numbers.
 *
 * @throws {ModelFolderError} they do not belong together
 */
export async function tryModel(session: Session, card: ModelCard): Promise<Trial> {
  if (card.kind === 'segmentation') checkStructures(card);
  const dims = checkInput(session.graph, card.input.name, wantedDims(session.graph, card));
  const promised = card.kind === 'segmentation' ? outputsOf(card, dims) : detectionOutputs(card);
  for (const { name } of promised) requirePort(session.graph.outputs, name, 'output');
  const run = () => session.run({ input: card.input.name, values: randomInput(dims), dims });
  await run();
  const begun = performance.now();
  const outputs = await run();
  const ms = performance.now() - begun;
  for (const { name, dims: wanted, probabilities } of promised) checkOutput(name, outputs[name], wanted, probabilities);
  return { dims, ms };
}

interface Promised {
  readonly name: string;
  /** null where an axis may have any length. */
  readonly dims: readonly (number | null)[];
  readonly probabilities: boolean;
}

function wantedDims(graph: Graph, card: ModelCard): (number | null)[] {
  if (card.kind === 'detection') return [1, 1, ...card.input.size];
  const { layout, channels, size } = card.input;
  const [i, j, k] =
    card.window?.size ?? fixedSize(graph, card) ?? size?.map((each) => Math.min(each, TRIAL_SIZE)) ?? [];
  const axes = layout === 'kji' ? [k, j, i] : [i, j, k];
  return [1, channels.length, ...axes.map((each) => each ?? null)];
}

/** The size along i, j, k that the graph fixes, where the whole tensor is one window; undefined where it leaves it open. */
function fixedSize(graph: Graph, { input }: SegmentationModelCard): number[] | undefined {
  const axes = graph.inputs.find(({ name }) => name === input.name)?.shape.slice(2) ?? [];
  const fixed = axes.filter((axis) => typeof axis === 'number');
  if (fixed.length !== 3) return undefined;
  return input.layout === 'kji' ? fixed.toReversed() : fixed;
}

/** The shape of the trial's input, where it fits what the graph declares. */
function checkInput(graph: Graph, name: string, wanted: readonly (number | null)[]): number[] {
  const port = requirePort(graph.inputs, name, 'input');
  const others = graph.inputs.filter((other) => other.name !== name);
  if (others.length > 0) {
    throw new ModelFolderError(
      `A model has one input; this graph asks for ${others.map((each) => each.name).join(', ')} besides ${name}.`,
    );
  }
  const fits =
    port.shape.length === wanted.length &&
    port.shape.every((axis, at) => typeof axis !== 'number' || wanted[at] === null || axis === wanted[at]);
  if (!fits) {
    const asked = wanted.map((each) => each ?? 'any');
    throw new ModelFolderError(`By its card the input \`${name}\` is [${asked}]; the graph declares [${port.shape}].`);
  }
  return wanted.map((each) => each ?? TRIAL_SIZE);
}

function requirePort(ports: readonly Port[], name: string, kind: 'input' | 'output'): Port {
  const port = ports.find((each) => each.name === name);
  if (port === undefined) {
    const there = ports.map((each) => each.name).join(', ');
    throw new ModelFolderError(`The card names the ${kind} \`${name}\`; the graph has ${there}.`);
  }
  if (port.type !== 'float32') {
    throw new ModelFolderError(
      `Inputs and outputs are 32-bit floats; the graph's ${kind} \`${name}\` is ${port.type}.`,
    );
  }
  return port;
}

function outputsOf({ output, scope }: SegmentationModelCard, [, , ...axes]: readonly number[]): Promised[] {
  const labels = { name: output.name, dims: [1, output.channels, ...axes], probabilities: false };
  return scope === null
    ? [labels]
    : [labels, { name: scope.output, dims: [1, scope.classes.length], probabilities: true }];
}

function detectionOutputs({ outputs, classes }: DetectionModelCard): Promised[] {
  return [
    { name: outputs.boxes, dims: [null, 4], probabilities: false },
    { name: outputs.objectness, dims: [null], probabilities: true },
    { name: outputs.classes, dims: [null, classes.length], probabilities: true },
    { name: outputs.scope, dims: [1], probabilities: true },
  ];
}

function checkOutput(
  name: string,
  output: OutputTensor | undefined,
  wanted: Promised['dims'],
  probabilities: boolean,
): void {
  const { dims, values } = output ?? { dims: [], values: new Float32Array() };
  if (dims.length !== wanted.length || dims.some((axis, at) => wanted[at] !== null && axis !== wanted[at])) {
    throw new ModelFolderError(
      `By its card the output \`${name}\` is [${wanted.map((each) => each ?? 'any')}]; a trial gave [${dims}].`,
    );
  }
  if (!values.every(Number.isFinite))
    throw new ModelFolderError(`A trial on random numbers gave no numbers in \`${name}\`.`);
  if (probabilities && values.some((value) => value < -1e-3 || value > 1 + 1e-3)) {
    throw new ModelFolderError(
      `\`${name}\` holds probabilities, 0 to 1; a trial gave others. Does a softmax or sigmoid lack at its end?`,
    );
  }
}

/** @throws {ModelFolderError} labels that the output has no channel for, or two structures of one label or name */
function checkStructures({ output, structures, scope }: SegmentationModelCard): void {
  const last = output.activation === 'softmax' ? output.channels - 1 : output.channels;
  for (const { label, name } of structures) {
    if (label > last) {
      throw new ModelFolderError(
        `${output.channels} channels with ${output.activation} give labels 1 to ${last}; structure ${name} has ${label}.`,
      );
    }
  }
  for (const key of ['label', 'name'] as const) {
    const values = structures.map((structure) => structure[key]);
    const twice = values.find((value, at) => values.indexOf(value) !== at);
    if (twice !== undefined)
      throw new ModelFolderError(`Each structure has a ${key} of its own; ${twice} is there twice.`);
  }
  if (scope !== null && !scope.classes.includes(scope.accepts)) {
    throw new ModelFolderError(
      `\`scope.accepts\` is one of its classes ${scope.classes.join(', ')}; ${scope.accepts} is none.`,
    );
  }
}

/** Uniform noise from 0 to 1, the same at each call. */
function randomInput(dims: readonly number[]): Float32Array {
  let state = 1;
  return Float32Array.from({ length: dims.reduce((product, axis) => product * axis, 1) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  });
}
