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
   * @param signal ends the thread where it aborts while the model works on this input: nothing else stops ONNX Runtime.
   *   Inputs that wait behind it fail, and the session has ended.
   * @returns every output by name
   */
  run(request: Request, signal?: AbortSignal): Promise<Readonly<Record<string, OutputTensor>>>;
  /** Resolves when the thread is gone, closed or dead. */
  readonly ended: Promise<void>;
  /** Ends the thread after the inputs that it has been given. */
  close(): Promise<void>;
}

/**
 * Loads a model. CUDA is used where this build of ONNX Runtime has it and the machine has an NVIDIA GPU, the processor
 * otherwise; `device` says which.
 *
 * @param weights bytes of the ONNX file; copied
 * @throws {Error} no execution provider takes the model, or the thread died
 */
export async function openSession(weights: Uint8Array, threads = availableParallelism()): Promise<Session> {
  const start: Start = { weights, threads, executionProviders: executionProviders() };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const ready = await nextAnswer(worker);
  if (ready.kind !== 'ready') {
    await worker.terminate();
    throw new Error(ready.kind === 'failed' ? ready.message : 'The model answered before it was ready.');
  }
  let last: Promise<unknown> = Promise.resolve();
  let alive = true;
  ended.then(() => {
    alive = false;
  });
  const runNow = async (request: Request, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    if (!alive) throw new Error('The thread of the model has ended.');
    const kill = () => void worker.terminate();
    signal?.addEventListener('abort', kill, { once: true });
    try {
      const answered = nextAnswer(worker);
      worker.postMessage(request, movable(request.values));
      const answer = await answered;
      if (answer.kind !== 'outputs') throw new Error(answer.kind === 'failed' ? answer.message : 'No outputs.');
      return answer.outputs;
    } finally {
      signal?.removeEventListener('abort', kill);
    }
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
      await worker.terminate();
    },
  };
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
