import { createRequire } from 'node:module';
import { decodedBytes, PixelDataError, type PixelDescription } from './pixel-description.ts';
import type { Compression } from './transfer-syntax.ts';

type Library = typeof import('dcmjs-codecs');

/** The package is CommonJS whose names an ES import does not see; it and its WebAssembly (100 ms) load when first needed. */
const require = createRequire(import.meta.url);
let loading: Promise<Library> | undefined;

/** A decoded codestream, samples little endian. */
export interface Decoded {
  readonly bytes: Uint8Array;
  readonly planar: boolean;
}

/**
 * Decodes one codestream, without converting colour.
 *
 * @throws {PixelDataError} it is broken
 */
export async function decodeCodestream(
  encoded: Uint8Array,
  compression: Compression,
  description: PixelDescription,
): Promise<Decoded> {
  const { NativeCodecs, Context } = await library();
  const context = new Context({
    width: description.columns,
    height: description.rows,
    bitsAllocated: description.bitsAllocated,
    bitsStored: description.bitsStored,
    samplesPerPixel: description.samplesPerPixel,
    pixelRepresentation: description.signed ? 1 : 0,
    planarConfiguration: description.planarConfiguration,
    photometricInterpretation: description.photometricInterpretation,
    encodedBuffer: encoded,
  });
  const decoded = decodeWith(NativeCodecs, compression, context);
  const bytes = decoded.getDecodedBuffer();
  if (bytes === undefined || bytes.length < decodedBytes(description)) {
    throw new PixelDataError('The compressed frame decodes to fewer pixels than the image claims.');
  }
  return { bytes, planar: decoded.getPlanarConfiguration() === 1 };
}

function decodeWith(
  codecs: Library['NativeCodecs'],
  compression: Compression,
  context: InstanceType<Library['Context']>,
) {
  try {
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
  } catch (cause) {
    throw new PixelDataError('The compressed frame is damaged and cannot be decoded.', { cause });
  }
}

async function library(): Promise<Library> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Library> {
  const codecs: Library = require('dcmjs-codecs');
  codecs.log.setLevel('silent');
  await codecs.NativeCodecs.initializeAsync();
  return codecs;
}
