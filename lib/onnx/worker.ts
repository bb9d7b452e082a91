/**
 * The thread in which a model runs: `session.run` blocks its thread, and whoever asks has to go on answering.
 * Receives `Start` as its data, then `Request`s; answers each with an `Answer`, in order.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { flattened } from './flatten.ts';

export interface Start {
  readonly weights: Uint8Array;
  readonly threads: number;
  /** On a processor convolutions over volumes are rewritten (`flatten.ts`); each input is then one alone, not a batch. */
  readonly flat: boolean;
  /** Tried in order. */
  readonly executionProviders: readonly ('cuda' | 'cpu')[];
}

export interface Request {
  readonly input: string;
  /** Moved to the thread where it fills its buffer: it is empty afterwards. */
  readonly values: Float32Array;
  readonly dims: readonly number[];
}

/** An input or output as the graph declares it. */
export interface Port {
  readonly name: string;
  /** Type of its numbers, `float32` for example. */
  readonly type: string;
  /** A number, or a name where the graph leaves a size open. */
  readonly shape: readonly (number | string)[];
}

export interface Graph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** An output's numbers, last axis fastest. */
export interface OutputTensor {
  readonly values: Float32Array;
  readonly dims: readonly number[];
}

export type Answer =
  | { readonly kind: 'ready'; readonly provider: 'cuda' | 'cpu'; readonly graph: Graph }
  | { readonly kind: 'outputs'; readonly outputs: Readonly<Record<string, OutputTensor>> }
  | { readonly kind: 'failed'; readonly message: string };

const port = parentPort;
if (port === null) throw new Error('This file is the worker of a model session and runs in a thread of its own.');
const post = (answer: Answer, moved: ArrayBuffer[] = []) => port.postMessage(answer, moved);
const { weights, threads, flat, executionProviders }: Start = workerData;

try {
  const session = await open();
  port.on('message', async ({ input, values, dims }: Request) => {
    try {
      if (flat && dims.length === 5 && dims[0] !== 1) throw new RangeError('This session takes one volume at a time.');
      const outputs = await session.run({ [input]: new Tensor('float32', values, dims) });
      const tensors = Object.entries(outputs).map(([name, output]) => [name, tensorOf(name, output)] as const);
      // Two outputs may be one buffer, which can be moved once only.
      const moved = new Set(
        tensors.map(([, { values: numbers }]) => numbers.buffer).filter((b) => b instanceof ArrayBuffer),
      );
      post({ kind: 'outputs', outputs: Object.fromEntries(tensors) }, [...moved]);
    } catch (error) {
      post({ kind: 'failed', message: String(error) });
    }
  });
} catch (error) {
  post({ kind: 'failed', message: String(error) });
}

function tensorOf(name: string, { data, dims }: InferenceSession.ReturnType[string]): OutputTensor {
  if (!(data instanceof Float32Array)) throw new TypeError(`Output ${name} of the model holds no 32-bit floats.`);
  return { values: data, dims };
}

/** The first provider that takes the model. */
async function open(): Promise<InferenceSession> {
  const refused: string[] = [];
  const models = executionProviders.flatMap((provider) =>
    provider === 'cpu' && flat
      ? [
          { provider, model: flattened(weights) },
          { provider, model: weights },
        ]
      : [{ provider, model: weights }],
  );
  for (const { provider, model } of models) {
    try {
      const session = await InferenceSession.create(model, {
        executionProviders: [provider],
        intraOpNumThreads: threads,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        // Else each thread burns its core for some 40 ms after a run, in case another comes: the next step waits for it.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      });
      const graph = { inputs: session.inputMetadata.map(portOf), outputs: session.outputMetadata.map(portOf) };
      post({ kind: 'ready', provider, graph });
      return session;
    } catch (error) {
      refused.push(`${provider}: ${String(error).split('\n')[0]}`);
    }
  }
  throw new Error(`No execution provider takes the model. ${refused.join(' ')}`);
}

function portOf(declared: InferenceSession.ValueMetadata): Port {
  return declared.isTensor
    ? { name: declared.name, type: declared.type, shape: declared.shape }
    : { name: declared.name, type: 'not a tensor', shape: [] };
}
