import { type Part10, readPart10 } from '../../lib/dicom/dataset.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { Bucket } from '../../schemas/store.ts';

/** Where the first look at a file ends, bytes: most headers are shorter. */
const FIRST_LOOK = 1 << 16;

/** An object that holds a Part 10 file. */
export interface DicomObject {
  readonly bucket: Bucket;
  readonly key: string;
}

/**
 * Reads a DICOM object up to its pixels: of a CT slice an eighth of the file. Looks at what has come, and four times as far
 * where the pixels have not begun.
 *
 * @throws {ObjectNotFoundError}
 * @throws {MalformedDicomError} it is no DICOM
 */
export async function readHead(store: Pick<ObjectStore, 'stream'>, { bucket, key }: DicomObject): Promise<Part10> {
  const chunks: Buffer[] = [];
  let length = 0;
  let look = FIRST_LOOK;
  // Leaving the loop destroys the stream.
  for await (const chunk of await store.stream(bucket, key)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length < look) continue;
    look = length * 4;
    const head = readPart10(Buffer.concat(chunks), { untilPixelData: true });
    if (head.dataset.has('PixelData')) return head;
  }
  return readPart10(Buffer.concat(chunks), { untilPixelData: true });
}
