import { PixelDataError } from './pixel-description.ts';
import type { Compression } from './transfer-syntax.ts';

/** What a codestream says of itself before it is decoded. */
export interface CodestreamHead {
  readonly columns: number;
  readonly rows: number;
  readonly components: number;
  /** Bits of a sample. */
  readonly precision: number;
  /** It was written with loss: a DCT, a JPEG-LS near value, the irreversible wavelet. */
  readonly lossy: boolean;
}

/**
 * Reads the head of a codestream, so that an image that is not what it claims is refused before a decoder allocates for
 * it. JPEG XL, whose head is not byte aligned, is not read.
 *
 * @throws {PixelDataError} it is none
 */
export function readCodestreamHead(bytes: Uint8Array, compression: Compression): CodestreamHead | undefined {
  if (compression === 'jpeg' || compression === 'jpeg-ls') return readJpegHead(bytes);
  if (compression === 'jpeg-2000' || compression === 'htj2k') return readJpeg2000Head(bytes);
  return undefined;
}

/** Frame header and, for JPEG-LS, the near value of the scan header. Source: ITU-T T.81 annex B, T.87 annex C. */
function readJpegHead(bytes: Uint8Array): CodestreamHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let head: CodestreamHead | undefined;
  let position = 2;
  while (position + 4 <= bytes.length) {
    if (bytes[position] !== 0xff) break;
    const marker = bytes[position + 1] ?? 0;
    if (marker === 0xff) {
      position += 1;
      continue;
    }
    const length = view.getUint16(position + 2);
    const end = position + 2 + length;
    if (length < 2 || end > bytes.length) break;
    if (isFrameHeader(marker) && length >= 8) {
      head = {
        precision: view.getUint8(position + 4),
        rows: view.getUint16(position + 5),
        columns: view.getUint16(position + 7),
        components: view.getUint8(position + 9),
        lossy: marker !== 0xc3 && marker !== 0xf7,
      };
    } else if (marker === 0xda && head !== undefined) {
      if (!hasEnd(bytes)) throw new PixelDataError('The compressed frame is cut short.');
      const near = length >= 6 ? view.getUint8(end - 3) : 0;
      return { ...head, lossy: head.lossy || (isJpegLs(bytes) && near > 0) };
    }
    position = end;
  }
  throw new PixelDataError('The compressed frame is damaged: it has no JPEG frame header.');
}

/** End of image, with or without padding behind it: without it the decoder fills up what is missing with grey. */
function hasEnd(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf(Buffer.from([0xff, 0xd9])) > 0;
}

function isFrameHeader(marker: number): boolean {
  return marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc);
}

/** SOF55 stands among the first markers; the scan header's fields mean something else in plain JPEG. */
function isJpegLs(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .subarray(0, 1 << 16)
    .includes(Buffer.from([0xff, 0xf7]));
}

/** SIZ and COD. Source: ITU-T T.800 annex A; a JP2 file around the codestream, which DICOM forbids and some write, is passed over. */
function readJpeg2000Head(bytes: Uint8Array): CodestreamHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(
    Buffer.from([0xff, 0x4f, 0xff, 0x51]),
  );
  if (start < 0 || start + 43 > bytes.length)
    throw new PixelDataError('The compressed frame is damaged: it has no JPEG 2000 header.');
  const size = {
    columns: view.getUint32(start + 8) - view.getUint32(start + 16),
    rows: view.getUint32(start + 12) - view.getUint32(start + 20),
    components: view.getUint16(start + 40),
    precision: (view.getUint8(start + 42) & 0x7f) + 1,
  };
  let position = start + 2;
  while (position + 14 <= bytes.length && bytes[position] === 0xff) {
    const marker = bytes[position + 1];
    if (marker === 0x52) return { ...size, lossy: view.getUint8(position + 13) === 0 };
    if (marker === 0x90) break;
    position += 2 + view.getUint16(position + 2);
  }
  throw new PixelDataError('The compressed frame is damaged: it does not say how it was coded.');
}
