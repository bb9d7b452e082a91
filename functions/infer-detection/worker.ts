/**
 * The thread in which a model runs: `session.run` blocks its thread, and the function has to go on answering.
 * Receives `Start` as its data, then `Request`s; answers each with an `Answer`, in order.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface Start {
  readonly weights: Uint8Array;
  readonly threads: number;
  /** Tried in order. */
  readonly executionProviders: readonly ('cuda' | 'cpu')[];
}

export interface Request {
  readonly input: string;
  readonly values: Float32Array;
  readonly dims: readonly number[];
}

export type Answer =
  | { readonly kind: 'ready'; readonly provider: 'cuda' | 'cpu'; readonly refused: readonly string[] }
  | { readonly kind: 'outputs'; readonly outputs: Readonly<Record<string, Float32Array>> }
  | { readonly kind: 'failed'; readonly message: string };

const port = parentPort;
if (port === null) throw new Error('This file is the worker of infer-detection and runs in a thread of its own.');
const post = (answer: Answer) => port.postMessage(answer);
const { weights, threads, executionProviders }: Start = workerData;

try {
  const session = await open();
  port.on('message', async ({ input, values, dims }: Request) => {
    try {
      const outputs = await session.run({ [input]: new Tensor('float32', values, dims) });
      const arrays = Object.entries(outputs).map(([name, { data }]) => {
        if (!(data instanceof Float32Array)) throw new TypeError(`Output ${name} of the model holds no 32-bit floats.`);
        return [name, data];
      });
      post({ kind: 'outputs', outputs: Object.fromEntries(arrays) });
    } catch (error) {
      post({ kind: 'failed', message: String(error) });
    }
  });
} catch (error) {
  post({ kind: 'failed', message: String(error) });
}

/** The first provider that takes the model. */
async function open(): Promise<InferenceSession> {
  const refused: string[] = [];
  for (const provider of executionProviders) {
    try {
      const session = await InferenceSession.create(weights, {
        executionProviders: [provider],
        intraOpNumThreads: threads,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      });
      post({ kind: 'ready', provider, refused });
      return session;
    } catch (error) {
      refused.push(`${provider}: ${String(error).split('\n')[0]}`);
    }
  }
  throw new Error(`No execution provider takes the model. ${refused.join(' ')}`);
}
