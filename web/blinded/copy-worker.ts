import { parentPort, workerData } from 'node:worker_threads';
import { UnfitObjectError } from '../../lib/dicom/made/unfit.ts';
import { type CopyToWrite, writeCopy } from './encode.ts';

/** What the thread answers. */
export type Answer = { readonly bytes: Uint8Array } | { readonly unfit: string };

// Its one job comes with its start: what is handed over is what `inThread` was given.
const copy: CopyToWrite = workerData;
try {
  parentPort?.postMessage({ bytes: await writeCopy(copy) } satisfies Answer);
} catch (error) {
  if (!(error instanceof UnfitObjectError)) throw error;
  parentPort?.postMessage({ unfit: error.message } satisfies Answer);
}
