import { Readable } from 'node:stream';
import { type Dataset, MalformedDicomError, type Part10 } from '../../lib/dicom/dataset.ts';
import { encapsulatedFrame, nativeFrame } from '../../lib/dicom/frames.ts';
import { bulkDataOf, littleEndianBytes } from '../../lib/dicom/json.ts';
import { describePixels, PixelDataError, type PixelDescription } from '../../lib/dicom/pixel-description.ts';
import { type Compression, EXPLICIT_VR_LITTLE_ENDIAN, transferSyntax } from '../../lib/dicom/transfer-syntax.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { ObjectNotFoundError } from '../../lib/store/store.ts';
import { notFound } from '../api/parse.ts';
import type { WebContext } from '../parts.ts';
import { streamOf } from '../stream.ts';
import { ahead } from './ahead.ts';
import type { ViewedInstance } from './images.ts';
import { multipart, type Part } from './multipart.ts';
import { cacheHeaders, instancesOfRequest, requireAccept, unchanged } from './request.ts';
import { headOf } from './search.ts';

/** Media types of compressed frames. Source: PS3.18 table 8.7.3-4. */
const FRAME_TYPES: Readonly<Partial<Record<Compression, string>>> = {
  rle: 'image/dicom-rle',
  jpeg: 'image/jpeg',
  'jpeg-ls': 'image/jls',
  'jpeg-2000': 'image/jp2',
  htj2k: 'image/jphc',
  'jpeg-xl': 'image/jxl',
};

/** Frames in one request. */
const MOST_FRAMES = 4096;

/** `GET /dicomweb/studies/<study>[/series/<series>[/instances/<instance>]]/metadata` */
export async function getMetadata(c: WebContext) {
  requireAccept(c, ['application/dicom+json', 'application/json']);
  const instances = await instancesOfRequest(c);
  const headers = cacheHeaders(instances, 'metadata', true);
  return (
    unchanged(c, headers) ??
    new Response(streamOf(jsonArray(c, instances)), {
      headers: { ...headers, 'Content-Type': 'application/dicom+json' },
    })
  );
}

/** `GET /dicomweb/studies/<study>[/series/<series>[/instances/<instance>]]`: the Part 10 files, as they are stored */
export async function getFiles(c: WebContext) {
  requireAccept(c, ['application/dicom', 'multipart/related']);
  const instances = await instancesOfRequest(c);
  const headers = cacheHeaders(instances, 'files', true);
  return unchanged(c, headers) ?? multipart('application/dicom', files(c, instances), headers);
}

/** `GET …/instances/<instance>/frames/<1,2,…>`: pixels in the encoding in which they are stored */
export async function getFrames(c: WebContext) {
  requireAccept(c, ['multipart/related', 'application/octet-stream', 'image/']);
  const { instance, file } = await fileOfRequest(c);
  const list = c.req.param('frames') ?? '';
  const headers = cacheHeaders([instance], `frames ${list}`, false);
  const cached = unchanged(c, headers);
  if (cached !== undefined) return cached;
  const frames = framesOf(file, list);
  return multipart(frames[0]?.type ?? 'application/octet-stream', Readable.from(frames), headers);
}

/** `GET …/instances/<instance>/bulkdata/<path>`: a binary value that the metadata name by this address */
export async function getBulkData(c: WebContext) {
  requireAccept(c, ['multipart/related', 'application/octet-stream', 'image/']);
  const { instance, file } = await fileOfRequest(c);
  const path = c.req.param('path') ?? '';
  const headers = cacheHeaders([instance], `bulkdata ${path}`, true);
  return unchanged(c, headers) ?? multipart('application/octet-stream', Readable.from(bulkData(file, path)), headers);
}

async function* jsonArray(c: WebContext, instances: readonly ViewedInstance[]): AsyncGenerator<Uint8Array> {
  let separator = '[';
  for await (const read of ahead(instances, (instance) => headOf(c, instance))) {
    if (read === undefined) continue;
    yield Buffer.from(separator + JSON.stringify(read.json));
    separator = ',\n';
  }
  yield Buffer.from(separator === '[' ? '[]' : ']');
}

async function* files(c: WebContext, instances: readonly ViewedInstance[]): AsyncGenerator<Part> {
  const { store } = c.var.parts;
  for (const { bucket, key, TransferSyntaxUID: transferSyntaxUid } of instances) {
    yield { type: 'application/dicom', transferSyntaxUid, body: await store.stream(bucket, key) };
  }
}

async function fileOfRequest(c: WebContext): Promise<{ instance: ViewedInstance; file: Part10 }> {
  const [instance] = await instancesOfRequest(c);
  if (instance === undefined) throw notFound('instance');
  try {
    return { instance, file: await c.var.parts.viewing.images.open(instance) };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) throw notFound('instance');
    if (error instanceof MalformedDicomError) throw unreadable(error);
    throw error;
  }
}

function framesOf({ dataset, meta }: Part10, list: string): Part[] {
  const numbers = list.split(',').map(Number);
  if (!/^[1-9]\d*(,[1-9]\d*)*$/.test(list) || numbers.length > MOST_FRAMES) {
    throw new ProblemError(400, 'Not understood', `Frames are numbers from 1, with commas, ${MOST_FRAMES} at most.`);
  }
  return pixelsOf(dataset, (description) => {
    const absent = numbers.find((number) => number > description.numberOfFrames);
    if (absent !== undefined) {
      throw new ProblemError(404, 'Not found', `The instance has ${description.numberOfFrames} frames.`);
    }
    return numbers.map((number) => frameOf(dataset, description, meta.TransferSyntaxUID, number - 1));
  });
}

function bulkData({ dataset, meta }: Part10, path: string): Part[] {
  const found = bulkDataOf(dataset, path);
  if (found === undefined) throw notFound('value');
  const { within, tag } = found;
  if (within.set.elements.get(tag)?.fragments !== undefined) {
    return pixelsOf(within, (description) =>
      Array.from({ length: description.numberOfFrames }, (_, frame) =>
        frameOf(within, description, meta.TransferSyntaxUID, frame),
      ),
    );
  }
  const body = littleEndianBytes(within, tag);
  if (body === undefined) throw notFound('value');
  return [{ type: 'application/octet-stream', transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN, body }];
}

/** Uncompressed pixels are always sent as little endian, whatever the file is. */
function frameOf(dataset: Dataset, description: PixelDescription, transferSyntaxUid: string, frame: number): Part {
  const { compression } = transferSyntax(transferSyntaxUid);
  if (compression !== 'native') {
    const type = FRAME_TYPES[compression] ?? 'application/octet-stream';
    return { type, transferSyntaxUid, body: encapsulatedFrame(dataset, description, frame) };
  }
  const { bytes } = nativeFrame(dataset, description, frame);
  const body = dataset.set.source.littleEndian ? bytes : swapped(bytes, description.bitsAllocated);
  return { type: 'application/octet-stream', transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN, body };
}

function swapped(bytes: Uint8Array, bitsAllocated: number): Uint8Array {
  if (bitsAllocated <= 8) return bytes;
  return bitsAllocated === 16 ? Buffer.from(bytes).swap16() : Buffer.from(bytes).swap32();
}

function pixelsOf<Made>(dataset: Dataset, work: (description: PixelDescription) => Made): Made {
  try {
    return work(describePixels(dataset));
  } catch (error) {
    if (error instanceof PixelDataError) throw unreadable(error);
    throw error;
  }
}

function unreadable(error: Error): ProblemError {
  return new ProblemError(422, 'The instance cannot be read', error.message, { cause: error });
}
