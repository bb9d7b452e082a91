import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { Compression } from './transfer-syntax.ts';

/**
 * The thread in which codestreams are decoded, see `codecs.ts`. It answers each job in turn and tells its errors as
 * text; whoever holds it throws it away after one.
 */

/** One codestream and what the image claims of it. */
export interface Job {
  readonly encoded: Uint8Array<ArrayBuffer>;
  readonly compression: Compression;
  readonly columns: number;
  readonly rows: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly samplesPerPixel: number;
  readonly signed: boolean;
  readonly planarConfiguration: number;
  readonly photometricInterpretation: string;
}

export type Answer =
  | { readonly kind: 'decoded'; readonly bytes: Uint8Array<ArrayBuffer>; readonly planar: boolean }
  | { readonly kind: 'failed'; readonly message: string };

type Library = typeof import('dcmjs-codecs');

/** The package is CommonJS whose names an ES import does not see. */
const require = createRequire(import.meta.url);
const library = load();

parentPort?.on('message', async (job: Job) => {
  const answer = await decode(job);
  parentPort?.postMessage(answer, answer.kind === 'decoded' ? [answer.bytes.buffer] : []);
});

async function load(): Promise<Library> {
  const codecs: Library = require('dcmjs-codecs');
  codecs.log.setLevel('silent');
  await codecs.NativeCodecs.initializeAsync();
  return codecs;
}

async function decode(job: Job): Promise<Answer> {
  try {
    const { NativeCodecs, Context } = await library;
    const context = new Context({
      width: job.columns,
      height: job.rows,
      bitsAllocated: job.bitsAllocated,
      bitsStored: job.bitsStored,
      samplesPerPixel: job.samplesPerPixel,
      pixelRepresentation: job.signed ? 1 : 0,
      planarConfiguration: job.planarConfiguration,
      photometricInterpretation: job.photometricInterpretation,
      encodedBuffer: job.encoded,
    });
    const decoded = decodeWith(NativeCodecs, job.compression, context);
    const bytes = new Uint8Array(decoded.getDecodedBuffer() ?? []);
    return { kind: 'decoded', bytes, planar: decoded.getPlanarConfiguration() === 1 };
  } catch (error) {
    return { kind: 'failed', message: String(error) };
  }
}

function decodeWith(
  codecs: Library['NativeCodecs'],
  compression: Compression,
  context: InstanceType<Library['Context']>,
) {
  switch (compression) {
    case 'jpeg':
      return codecs.decodeJpeg(context, { convertColorspaceToRgb: false });
    case 'jpeg-ls':
      return codecs.decodeJpegLs(context);
    case 'jpeg-2000':
      return codecs.decodeJpeg2000(context);
    case 'htj2k':
      return codecs.decodeHtJpeg2000(context);
    default:
      return codecs.decodeJpegXl(context);
  }
}
