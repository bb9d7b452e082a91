import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Answer, Job } from './codec-worker.ts';
import { decodedBytes, PixelDataError, type PixelDescription } from './pixel-description.ts';
import type { Compression } from './transfer-syntax.ts';

/**
 * Codestreams are decoded in a thread, because the decoders are WebAssembly that a hostile codestream can send into an
 * endless loop, or leave broken for the next one: a thread can be ended. It starts with the first codestream (100 ms),
 * serves one at a time, and keeps no process alive.
 */

/** A decoded codestream, samples little endian. */
export interface Decoded {
  readonly bytes: Uint8Array;
  readonly planar: boolean;
}

let idle: Worker | undefined;
let turn: Promise<unknown> = Promise.resolve();

/**
 * Decodes one codestream, without converting colour.
 *
 * @param timeLimitMs how long it may take
 * @throws {PixelDataError} it is broken, or takes longer
 */
export function decodeCodestream(
  encoded: Uint8Array,
  compression: Compression,
  description: PixelDescription,
  timeLimitMs: number,
): Promise<Decoded> {
  const { numberOfFrames, highBit, ...image } = description;
  const mine = turn.then(() =>
    decodeInThread({ ...image, compression, encoded: new Uint8Array(encoded) }, timeLimitMs),
  );
  turn = mine.catch(() => undefined);
  return mine.then((decoded) => {
    if (decoded.bytes.length >= decodedBytes(description)) return decoded;
    throw new PixelDataError('The compressed frame decodes to fewer pixels than the image claims.');
  });
}

async function decodeInThread(job: Job, timeLimitMs: number): Promise<Decoded> {
  const worker = idle ?? new Worker(new URL('./codec-worker.ts', import.meta.url));
  idle = undefined;
  worker.ref();
  worker.postMessage(job, [job.encoded.buffer]);
  const answer = await answerOf(worker, timeLimitMs);
  if (answer.kind === 'failed') {
    // A decoder that failed may have left its memory in disorder.
    await worker.terminate();
    throw new PixelDataError('The compressed frame is damaged and cannot be decoded.', { cause: answer.message });
  }
  worker.unref();
  idle = worker;
  return answer;
}

async function answerOf(worker: Worker, timeLimitMs: number): Promise<Answer> {
  const limit = AbortSignal.timeout(timeLimitMs);
  try {
    const [answer]: Answer[] = await once(worker, 'message', { signal: limit });
    return answer ?? { kind: 'failed', message: 'no answer' };
  } catch (error) {
    const message = limit.aborted ? `no end after ${timeLimitMs} ms` : String(error);
    return { kind: 'failed', message };
  }
}
