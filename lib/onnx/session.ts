import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { listSupportedBackends } from 'onnxruntime-node';
import type { Device } from '../../schemas/manifest.ts';
import type { Answer, Graph, OutputTensor, Request, Start } from './worker.ts';

export type { Graph, OutputTensor, Port, Request } from './worker.ts';

const GPUS = '/proc/driver/nvidia/gpus';

/** A model loaded in a thread of its own, or in several (`openLanes`). */
export interface Session {
  readonly device: Device;
  /** What the ONNX graph declares. */
  readonly graph: Graph;
  /** Inputs that it works on at once; more wait. */
  readonly lanes: number;
  /**
   * @param signal gives the session up where it aborts while the model works on this input: nothing stops ONNX Runtime, so the
   *   thread ends when it is done with it. Inputs that wait behind it fail, and the session has ended.
   * @returns every output by name
   */
  run(request: Request, signal?: AbortSignal): Promise<Readonly<Record<string, OutputTensor>>>;
  /** Resolves when the session takes no more: closed, given up, or its thread dead. */
  readonly ended: Promise<void>;
  /** Ends the thread after the inputs that it has been given. */
  close(): Promise<void>;
}

/** How a session works. */
export interface SessionOptions {
  /** @default every core */
  readonly threads?: number;
  /**
   * Takes one volume at a time, and on a processor convolutions over it are rewritten as convolutions over its slices: faster by
   * a third and more, and what is between the operations is up to three times as large. @default false
   */
  readonly flat?: boolean;
}

/**
 * Loads a model. CUDA is used where this build of ONNX Runtime has it and the machine has an NVIDIA GPU, the processor
 * otherwise; `device` says which.
 *
 * @param weights bytes of the ONNX file; copied
 * @throws {Error} no execution provider takes the model, or the thread died
 */
export async function openSession(
  weights: Uint8Array,
  { threads = availableParallelism(), flat = false }: SessionOptions = {},
): Promise<Session> {
  const start: Start = { weights, threads, flat, executionProviders: executionProviders() };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
  const ending = new AbortController();
  const ended = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
  worker.once('exit', () => ending.abort());
  const ready = await nextAnswer(worker);
  if (ready.kind !== 'ready') {
    await worker.terminate();
    throw new Error(ready.kind === 'failed' ? ready.message : 'The model answered before it was ready.');
  }
  let last: Promise<unknown> = Promise.resolve();
  let inHand: Promise<unknown> = Promise.resolve();
  /** A thread that ends while ONNX Runtime works in it takes the whole process with it (SIGABRT). */
  const end = async () => {
    ending.abort();
    await inHand;
    await worker.terminate();
  };
  const runNow = async (request: Request, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    if (ending.signal.aborted) throw new Error('The thread of the model has ended.');
    const answered = nextAnswer(worker);
    inHand = answered.catch(() => {});
    worker.postMessage(request, movable(request.values));
    const answer = await unlessAborted(answered, signal, () => void end());
    if (answer.kind !== 'outputs') throw new Error(answer.kind === 'failed' ? answer.message : 'No outputs.');
    return answer.outputs;
  };
  return {
    device: { kind: ready.provider, name: ready.provider === 'cuda' ? gpuName() : processorName(), threads },
    graph: ready.graph,
    lanes: 1,
    run: (request, signal) => {
      const turn = last.then(() => runNow(request, signal));
      last = turn.catch(() => {});
      return turn;
    },
    ended,
    close: async () => {
      await last;
      await end();
    },
  };
}

/** What is awaited, or the signal's reason as soon as it aborts. @param aborted told of that */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, aborted: () => void): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      aborted();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** What is moved instead of copied: a buffer that holds nothing else. */
function movable({ buffer, byteLength }: Float32Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && byteLength === buffer.byteLength ? [buffer] : [];
}

/** The worker's next message; rejects if it dies before. */
function nextAnswer(worker: Worker): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => () => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      then();
    };
    const onMessage = (answer: Answer) => settle(() => resolve(answer))();
    const onError = (error: Error) => settle(() => reject(error))();
    const onExit = (code: number) => settle(() => reject(new Error(`The thread of the model ended with ${code}.`)))();
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}

function executionProviders(): ('cuda' | 'cpu')[] {
  const built = listSupportedBackends().some(({ name }) => name === 'cuda');
  return built && existsSync(GPUS) ? ['cuda', 'cpu'] : ['cpu'];
}

function processorName(): string {
  return cpus()[0]?.model.trim() || 'unknown processor';
}

function gpuName(): string {
  try {
    const [first = ''] = readdirSync(GPUS);
    const information = readFileSync(path.join(GPUS, first, 'information'), 'utf8');
    return /^Model:\s*(.+)$/m.exec(information)?.[1] ?? 'NVIDIA GPU';
  } catch {
    return 'NVIDIA GPU';
  }
}
